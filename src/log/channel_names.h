// The channels that a log knows, as far as a bound needs it: whether one more may be begun. A channel is never forgotten
// while the log is open, since its sessions and the engine's own tables may still name it.
//
// Example with a bound of 2: /a and /b have records; a draft for /c is refused, one for /a is not.
//
// Names are held by their hash, which is the same in 1 of 10^13 logs that are full: one channel too many, then, is let in.
// Belongs to the sequencer, and to rebuild() before it starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "src/base/limits.h"

namespace tidemark {

class ChannelNames {
 public:
  explicit ChannelNames(std::size_t most = limits::kChannelNames) : most_(most) {}

  /// One that the log has, be they too many.
  void add(std::string_view channel);
  /// One that it is to have from now on, if it has not. False: there is no room for another one.
  [[nodiscard]] bool stage(std::string_view channel);
  /// The records of what was staged are durable, or they are not.
  void commit() { staged_.clear(); }
  void rollback();

  [[nodiscard]] std::size_t most() const { return most_; }

 private:
  std::size_t most_;
  std::unordered_set<std::uint64_t> known_;
  std::vector<std::uint64_t> staged_;
};

}  // namespace tidemark
