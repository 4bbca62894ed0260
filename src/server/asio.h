// Boost.Asio, the parts we use. Boost 1.74's awaitable.hpp forgets <utility>, hence the order.
#pragma once

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tidemark {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using SystemError = boost::system::error_code;
}  // namespace tidemark
