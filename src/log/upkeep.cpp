#include "src/log/upkeep.h"

#include <utility>

#include "src/base/journal.h"

namespace tidemark {

void Upkeep::start() {
  thread_ = std::thread([this] { run(); });
}

void Upkeep::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool Upkeep::rest(std::chrono::steady_clock::duration time) {
  std::unique_lock lock(mutex_);
  return !stop_.wait_for(lock, time, [this] { return stopped_; });
}

Result<bool> Upkeep::trim_step() {
  return retention_.step([this](Offset before, std::span<const ChannelLoss> losses) {
    return sequencer_.write_in_turn(
        [&] { return losses_.note_after(store_, losses, [&] { return store_.trim(before, losses); }); });
  });
}

bool Upkeep::round() {
  sequencer_.check_writable();
  if (!retains_) return false;
  const auto began = std::chrono::steady_clock::now();
  for (auto now = began; now - began < interval_;) {
    const auto more = trim_step();
    if (!more) {
      if (!std::exchange(failure_noted_, true)) {
        journal::error(
            "retention-failed",
            {{"engine", store_.engine()}, {"code", name(more.error().code)}, {"cause", more.error().context}});
      }
      return false;
    }
    failure_noted_ = false;
    if (!*more) return false;
    const auto end = std::chrono::steady_clock::now();
    if (!rest(end - now)) return false;
    now = std::chrono::steady_clock::now();
  }
  return true;
}

void Upkeep::run() {
  for (bool more = false; rest(more ? Millis(0) : interval_);) more = round();
}

}  // namespace tidemark
