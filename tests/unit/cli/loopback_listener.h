// A TCP port of this machine that listens, for a test of its clients; what it says to them is the test's.
#pragma once

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>

#include "src/config/server_url.h"

namespace tidemark::cli {

class LoopbackListener {
 public:
  LoopbackListener() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listening_, generic, size) == 0);
    REQUIRE(::listen(listening_, 1) == 0);
    REQUIRE(::getsockname(listening_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;
  ~LoopbackListener() { close(); }

  [[nodiscard]] ServerUrl url() const { return {.host = "127.0.0.1", .port = std::to_string(port_), .path = {}}; }
  /// Waits for a client; the connection is the caller's.
  [[nodiscard]] int accept() const { return ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC); }
  /// A client has connected and was not accepted yet.
  [[nodiscard]] bool has_waiting() const {
    pollfd end{.fd = listening_, .events = POLLIN, .revents = 0};
    return ::poll(&end, 1, 0) > 0;
  }
  /// From any thread: who waits in accept() gets none.
  void wake() const { ::shutdown(listening_, SHUT_RD); }
  /// Nobody reaches it any more.
  void close() {
    if (const int descriptor = std::exchange(listening_, -1); descriptor >= 0) ::close(descriptor);
  }

 private:
  int listening_;
  std::uint16_t port_ = 0;
};

}  // namespace tidemark::cli
