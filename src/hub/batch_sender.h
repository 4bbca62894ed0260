// Many sends in one call to the kernel. At light load every delivery is a send of its own, and entering the kernel for
// each is what is left to save.
//
// Owned by an I/O thread and used on it only. Everything is sent before send_all() returns: no buffer is lent for longer.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace tidemark {

class BatchSender {
 public:
  virtual ~BatchSender() = default;
  /// How many sends one batch takes; 0: it takes none any more.
  [[nodiscard]] virtual std::size_t capacity() const = 0;
  /// Adds a send to the batch; `bytes` must stay valid until send_all(). Precondition: the batch is not full.
  virtual void add(int socket, std::string_view bytes) = 0;
  /// Sends the batch without waiting for any socket, and begins a new one. Per send, in the order they were added: how
  /// many bytes the socket took, or minus errno. Valid until the next add().
  [[nodiscard]] virtual std::span<const int> send_all() = 0;
};

}  // namespace tidemark
