#include "src/server/server.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <cstdint>
#include <thread>
#include <utility>

#include "protocol/http/http.h"
#include "src/base/journal.h"
#include "src/base/limits.h"
#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/member.h"
#include "src/server/socketio_conversation.h"

namespace tidemark {
namespace {

/// As many descriptors as the machine gives: each connection needs one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) journal::warning("descriptor_limit_not_raised");
}

/// How many connections the descriptors are enough for. The store has to open files whoever connects: an engine that
/// cannot begin a new one stops acknowledging.
std::size_t connections_that_fit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return limits::kConnections;
  const std::size_t all = limit.rlim_cur;
  return all - std::min(limits::kReservedDescriptors, all / 4);
}

std::string host_in_url(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

enum class Purpose : std::uint8_t { look, listen };

/// Binds every address that the host option names, all to one port. Who only looks lets nobody connect.
Result<std::vector<tcp::acceptor>> bind_all(const ServeOptions& options, asio::io_context& context, Purpose purpose) {
  std::vector<tcp::acceptor> acceptors;
  SystemError error;
  tcp::resolver resolver(context);
  const auto addresses = resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
  if (error) {
    return fail(ErrorCode::io, fmt::format("cannot find the address of host '{}' ({}); choose another --host",
                                           options.host, error.message()));
  }
  std::uint16_t port = options.port;
  std::string last_error;
  for (const auto& entry : addresses) {
    const tcp::endpoint endpoint(entry.endpoint().address(), port);
    const auto known = [&](const tcp::acceptor& acceptor) { return acceptor.local_endpoint() == endpoint; };
    if (std::ranges::any_of(acceptors, known)) continue;
    tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error && purpose == Purpose::listen) acceptor.listen(limits::kListenBacklog, error);
    if (error == asio::error::address_in_use || error == asio::error::access_denied) {
      // Half a server - IPv4 ours, IPv6 somebody else's - would be worse than none.
      return fail(ErrorCode::io,
                  error == asio::error::address_in_use
                      ? fmt::format("port {} on {} is in use; stop the program that uses it or choose another --port",
                                    port, options.host)
                      : fmt::format("not allowed to listen on port {}; choose a --port of 1024 or more", port));
    }
    if (error) {  // an address family that this machine does not have
      last_error = error.message();
      continue;
    }
    port = acceptor.local_endpoint().port();
    acceptors.push_back(std::move(acceptor));
  }
  if (acceptors.empty()) {
    return fail(ErrorCode::io,
                fmt::format("cannot listen on {}:{} ({}); choose another --host", options.host, port, last_error));
  }
  return acceptors;
}

}  // namespace

std::vector<Endpoint> log_endpoints() { return {socketio_endpoint("/socket.io", &Member::connect)}; }

Server::Server(const ServeOptions& options, const Clock& clock, Log& log, const SessionKey& key,
               std::vector<Endpoint> endpoints)
    : addresses_(options.connections_per_address), service_(options, clock, log, key) {
  service_.endpoints = std::move(endpoints);
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const unsigned threads = options.io_threads == 0 ? cores : options.io_threads;
  for (unsigned i = 0; i < threads; ++i) {
    service_.threads.push_back(std::make_unique<IoThread>(service_, i));
    service_.hub.add(service_.threads.back()->shard());
    service_.tap.add(service_.threads.back()->api());
  }
}

Server::~Server() = default;

Result<void> Server::can_listen(const ServeOptions& options) {
  asio::io_context context;
  const auto acceptors = bind_all(options, context, Purpose::look);
  if (!acceptors) return std::unexpected(acceptors.error());
  return {};
}

Result<void> Server::listen() {
  const ServeOptions& options = service_.options;
  auto acceptors = bind_all(options, service_.threads.front()->context(), Purpose::listen);
  if (!acceptors) return std::unexpected(acceptors.error());
  acceptors_ = std::move(*acceptors);
  const auto port = acceptors_.front().local_endpoint().port();
  const bool everywhere = options.host == "0.0.0.0" || options.host == "::";
  url_ = fmt::format("http://{}:{}", everywhere ? "localhost" : host_in_url(options.host), port);
  return {};
}

void Server::start() {
  raise_descriptor_limit();
  connections_most_ = std::min(service_.options.connections, connections_that_fit());
  service_.catch_up.start(limits::kCatchUpThreads);
  service_.readers.start(limits::kApiThreads);
  service_.log.start(service_.tap);
  accept_pauses_.reserve(acceptors_.size());
  for (tcp::acceptor& acceptor : acceptors_) {
    accept_pauses_.emplace_back(acceptor.get_executor());
    accept(acceptor);
  }
  for (const auto& thread : service_.threads) thread->start();
}

IoThread& Server::least_loaded() {
  turn_ = (turn_ + 1) % service_.threads.size();
  std::size_t best = turn_;
  for (std::size_t i = 0; i < service_.threads.size(); ++i) {
    if (service_.threads[i]->load() < service_.threads[best]->load()) best = i;
  }
  return *service_.threads[best];
}

void Server::accept(tcp::acceptor& acceptor) {
  IoThread& thread = least_loaded();
  acceptor.async_accept(thread.context().get_executor(),
                        [this, &acceptor, &thread](const SystemError& error, TcpSocket socket) {
                          if (service_.draining) return;
                          if (error) return pause_accepting(acceptor, error);
                          admit(std::move(socket), thread);
                          accept(acceptor);
                        });
}

void Server::pause_accepting(tcp::acceptor& acceptor, const SystemError& error) {
  service_.refusals.count(Refused::no_descriptors);
  // While there are too few, one is free now and then: still the same story.
  const Millis now = service_.clock.steady();
  if (now >= accept_calm_at_) {
    journal::warning("accept_failed", {{"error", error.message()}, {"connections", connection_count()}});
  }
  accept_calm_at_ = now + Millis(limits::kAcceptCalm);
  // Trying again at once would spin: who waits in the backlog makes the listening socket readable all the time.
  auto& pause = accept_pauses_[static_cast<std::size_t>(&acceptor - acceptors_.data())];
  pause.expires_after(limits::kAcceptPause);
  pause.async_wait([this, &acceptor](const SystemError& ended) {
    if (!ended && !service_.draining) accept(acceptor);
  });
}

std::size_t Server::connection_count() const {
  std::size_t count = 0;
  for (const auto& thread : service_.threads) count += thread->connection_count();
  return count;
}

void Server::admit(TcpSocket socket, IoThread& thread) {
  if (connection_count() + on_their_way_ >= connections_most_) {
    return refuse(socket, Refused::too_many_connections, "too many connections");
  }
  SystemError error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;  // gone already
  AddressLimit::Slot slot;
  if (!addresses_.take(peer.address(), slot)) {
    return refuse(socket, Refused::too_many_connections_of_address, "too many connections of this address");
  }
  ++on_their_way_;
  thread.post(
      [this, &thread, owner = std::make_shared<TcpSocket>(std::move(socket)), slot = std::move(slot)]() mutable {
        auto connection = thread.adopt(std::move(*owner), std::move(slot));
        --on_their_way_;
        connection->set_handler(std::make_unique<HttpStream>(*connection));
        connection->start();
      });
}

void Server::refuse(TcpSocket& socket, Refused kind, std::string_view reason) {
  service_.refusals.count(kind);
  const std::string body = fmt::format("{}\n", reason);
  std::string answer;
  http::append_response_head(answer, 503, "Content-Type: text/plain; charset=utf-8\r\nRetry-After: 10\r\n", body.size(),
                             false);
  answer += body;
  // As far as it is taken at once: a connection that is refused is not waited for.
  (void)::send(socket.native_handle(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  SystemError ignored;
  socket.shutdown(TcpSocket::shutdown_send, ignored);
  // A line for each would be a flood of its own.
  ++refused_;
  const Millis now = service_.clock.steady();
  if (now < next_refusal_line_) return;
  next_refusal_line_ = now + Millis(limits::kRefusalLinePause);
  journal::warning("connection_refused", {{"reason", reason}, {"count", std::exchange(refused_, 0)}});
}

void Server::stop() {
  if (service_.draining.exchange(true)) return;
  asio::post(service_.threads.front()->context(), [this] {
    SystemError ignored;
    for (tcp::acceptor& acceptor : acceptors_) acceptor.close(ignored);
    for (asio::steady_timer& pause : accept_pauses_) pause.cancel();
  });
  for (const auto& thread : service_.threads) thread->post([&thread = *thread] { thread.pause(); });
  service_.catch_up.stop();
  service_.readers.stop();
  service_.log.close();
  for (const auto& thread : service_.threads)
    thread->post([&thread = *thread] { thread.drain(limits::kDrainTimeout); });
  for (const auto& thread : service_.threads) thread->join();
}

}  // namespace tidemark
