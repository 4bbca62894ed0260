#include "tests/unit/server/running_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <thread>
#include <utility>

#include "backends/registry.h"

namespace tidemark {

Peer::Peer(std::uint16_t port, int receive_bytes) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
  REQUIRE(descriptor_ >= 0);
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  REQUIRE(::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
  if (receive_bytes > 0) {
    REQUIRE(::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes) == 0);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface is like that
  REQUIRE(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

Peer::~Peer() { ::close(descriptor_); }

void Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    REQUIRE(sent > 0);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string Peer::read_until(std::string_view end) {
  std::string got;
  char byte = 0;
  while (!got.ends_with(end)) {
    const ssize_t count = ::recv(descriptor_, &byte, 1, 0);
    INFO("came: ", got);
    REQUIRE(count == 1);
    got += byte;
  }
  return got;
}

std::string Peer::read_to_end() {
  std::string got;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::recv(descriptor_, buffer, sizeof buffer, 0);
    const bool reset = count < 0 && errno == ECONNRESET;
    INFO("came: ", got);
    REQUIRE((count >= 0 || reset));
    if (count <= 0) return got;
    got.append(buffer, static_cast<std::size_t>(count));
  }
}

std::size_t Peer::read_some(std::size_t most) {
  std::string buffer(most, '\0');
  const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  REQUIRE(count >= 0);
  return static_cast<std::size_t>(count);
}

RunningServer::RunningServer(const ServeOptions& options, std::size_t queue_bytes, std::size_t channel_names)
    : options_(options) {
  options_.host = "127.0.0.1";
  options_.port = 0;
  options_.io_threads = 1;
  auto memory = open_store("memory", {.directory = {}, .epoch_if_new = Epoch::random()});
  REQUIRE(memory);
  auto store = std::make_unique<FaultyStore>(std::move(*memory));
  store_ = store.get();
  LogOptions log_options;
  log_options.queue_bytes = queue_bytes;
  log_options.channel_names = channel_names;
  auto log = Log::open(std::move(store), log_options, clock_);
  REQUIRE(log);
  log_ = std::move(*log);
  server_ = std::make_unique<Server>(options_, clock_, *log_, SessionKey{}, log_endpoints());
  REQUIRE(server_->listen());
  const std::string_view url = server_->url();
  const auto digits = url.substr(url.rfind(':') + 1);
  REQUIRE(std::from_chars(digits.data(), digits.data() + digits.size(), port_).ec == std::errc{});
  server_->start();
  watcher_ = std::make_unique<Peer>(port_);
}

RunningServer::~RunningServer() {
  store_->release_appends();
  watcher_.reset();
  server_->stop();
}

std::uint64_t RunningServer::metric(std::string_view name) {
  watcher_->send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::string text = watcher_->read_until("\ntidemark_refusals_total{limit=\"publisher_paused\"} ");
  text += watcher_->read_until("\n");
  const auto at = text.find(fmt::format("\n{} ", name));
  REQUIRE(at != std::string::npos);
  const auto value = std::string_view(text).substr(at + name.size() + 2);
  std::uint64_t number = 0;
  REQUIRE(std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc{});
  return number;
}

std::uint64_t RunningServer::refused(std::string_view limit) {
  return metric(fmt::format("tidemark_refusals_total{{limit=\"{}\"}}", limit));
}

void RunningServer::wait_for(std::string_view name, std::uint64_t value) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (metric(name) != value) {
    INFO(name, " is not ", value);
    REQUIRE(std::chrono::steady_clock::now() < until);
    std::this_thread::yield();
  }
}

}  // namespace tidemark
