// One epoll loop on one thread. Everything in the generator runs on it; nothing is shared.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace tidemark::load {

class Connection;

class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// `connection` must outlive its descriptor; closing the descriptor takes it out.
  void add(int fd, Connection& connection, bool want_write);
  void change(int fd, Connection& connection, bool want_write, bool want_read = true);

  /// Serves events until `done` says so (asked after each round of events and at least every `wait_ms`), or until the
  /// deadline: then false.
  bool run_until(std::uint64_t deadline_ns, const std::function<bool()>& done, int wait_ms = 20);

  /// For the reading of one connection at a time.
  [[nodiscard]] std::span<char> buffer() { return buffer_; }

 private:
  int epoll_;
  std::vector<char> buffer_;
};

}  // namespace tidemark::load
