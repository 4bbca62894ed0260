// Boost.Asio, the parts we use. Boost 1.74's awaitable.hpp forgets <utility>, hence the order.
#pragma once

#include <utility>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tidemark {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
/// A socket bound to an io_context by its type: with tcp::socket's any_io_executor each one, and each wait on one,
/// would be larger by some sixty bytes.
using TcpSocket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using SystemError = boost::system::error_code;
}  // namespace tidemark
