// Many connections opened as fast as the server takes them, but never more waiting than a listen queue holds: a
// dropped SYN is repeated only after a second, which would measure TCP's patience instead of the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "bench/load/connection.h"

namespace tidemark::load {

class Crowd {
 public:
  Crowd(Loop& loop, Audience& audience) : loop_(loop), audience_(audience) {}

  /// Starts to open `count` connections (closing those there were); `place` says for each where to.
  void open(std::uint32_t count, const std::function<Connection::Place(std::uint32_t index)>& place);
  /// To be called from Audience::on_accepted for connections of this crowd.
  void on_accepted();
  /// To be called from Audience::on_joined for connections of this crowd.
  void on_joined() { ++joined_; }

  [[nodiscard]] bool all_joined() const { return joined_ == members_.size(); }
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] Connection& operator[](std::size_t i) { return *members_[i]; }

  void close();
  void abort();

 private:
  static constexpr std::uint32_t kWaitingMax = 256;  // Node listens with a queue of 511

  Loop& loop_;
  Audience& audience_;
  std::vector<std::unique_ptr<Connection>> members_;
  std::size_t opened_ = 0, joined_ = 0;
};

}  // namespace tidemark::load
