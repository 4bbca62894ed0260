// What each channel has lost to trimming, in memory: who comes back to a channel asks it whether something is missing.
//
// Per channel the newest record that is gone, as the store noted it with the trim. A record that was damaged when it was
// trimmed may have been anybody's: it counts as lost in every channel. So does, from then on, the loss of a channel that
// is forgotten here because there are more than kChannelLosses: those with the oldest losses go first. A client is then
// told of a gap that may not be its own; never is one hidden.
//
// Example: /chat/pier lost 7, /chat/dock lost 90, and the damaged record 5 was trimmed: of("/chat/pier") is 7,
// of("/chat/quiet") is 5.
//
// Threads: load and note_after belong to whoever trims (one thread). The rest may be called by any thread: of() takes a
// short lock; settled() may wait for the step of a trim that is under way, a few milliseconds.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/base/limits.h"
#include "src/base/offset.h"
#include "src/log/log_store.h"

namespace tidemark {

class Losses {
 public:
  explicit Losses(std::size_t channels_max = limits::kChannelLosses) : channels_max_(channels_max) {}

  /// Notes all that the store knows of.
  [[nodiscard]] Result<void> load(const LogStore& store);

  /// Runs `trim`, a trim of `store` that notes `losses`, and notes them here once it is durable. If it fails, the store
  /// is asked how far it got.
  [[nodiscard]] Result<void> note_after(const LogStore& store, std::span<const ChannelLoss> losses,
                                        FunctionRef<Result<void>()> trim);

  /// The newest record of `channel` that is gone; 0: none is.
  [[nodiscard]] Offset of(std::string_view channel) const;
  /// The same, with a trim that has begun counted in: whatever a reader has not found by now is known.
  [[nodiscard]] Offset settled(std::string_view channel) const;

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  void note(const ChannelLoss& loss);
  void forget_oldest();

  const std::size_t channels_max_;
  mutable std::mutex trim_mutex_;  // held during a trim; before mutex_
  mutable std::mutex mutex_;       // guards all below
  std::unordered_map<std::string, Offset, NameHash, std::equal_to<>> channels_;
  Offset everywhere_;  // lost in every channel, as far as anybody can tell
};

}  // namespace tidemark
