// The physical limit to compare with: a child process that passes each frame on to N sockets, one send() per socket,
// and does nothing else. No protocol, no log, no memory management.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace tidemark::load {

class BareServer {
 public:
  /// Forks. Connect `subscribers` times, then once more: what comes on that last connection, in pieces of
  /// `frame_bytes`, is sent to all. Ends when that connection closes. `cpu` -1: anywhere.
  BareServer(std::uint32_t subscribers, std::size_t frame_bytes, int cpu);
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;
  ~BareServer();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  std::uint16_t port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace tidemark::load
