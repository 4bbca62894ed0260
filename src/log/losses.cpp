#include "src/log/losses.h"

#include <algorithm>
#include <vector>

namespace tidemark {

Result<void> Losses::load(const LogStore& store) {
  return store.losses([this](const ChannelLoss& loss) {
    note(loss);
    return true;
  });
}

Result<void> Losses::note_after(const LogStore& store, std::span<const ChannelLoss> losses,
                                FunctionRef<Result<void>()> trim) {
  const std::scoped_lock trimming(trim_mutex_);
  const auto trimmed = trim();
  // The store notes losses in the step that hides the records, so it knows the truth; if it cannot be read, all that
  // may be gone counts as gone.
  if (trimmed || !load(store)) {
    for (const ChannelLoss& loss : losses) note(loss);
  }
  return trimmed;
}

Offset Losses::of(std::string_view channel) const {
  const std::scoped_lock lock(mutex_);
  const auto found = channels_.find(channel);
  return found == channels_.end() ? everywhere_ : std::max(everywhere_, found->second);
}

Offset Losses::settled(std::string_view channel) const {
  const std::scoped_lock no_trim(trim_mutex_);
  return of(channel);
}

void Losses::note(const ChannelLoss& loss) {
  const std::scoped_lock lock(mutex_);
  if (loss.channel.empty()) {
    everywhere_ = std::max(everywhere_, loss.last);
    return;
  }
  if (loss.last <= everywhere_) return;
  auto found = channels_.find(loss.channel);
  if (found == channels_.end()) {
    if (channels_.size() >= channels_max_) forget_oldest();
    found = channels_.try_emplace(std::string(loss.channel)).first;
  }
  found->second = std::max(found->second, loss.last);
}

/// Half of them at once, so that the next time is far away.
void Losses::forget_oldest() {
  std::vector<Offset> offsets;
  offsets.reserve(channels_.size());
  for (const auto& [channel, last] : channels_) offsets.push_back(last);
  const auto middle = offsets.begin() + static_cast<std::ptrdiff_t>(offsets.size() / 2);
  std::ranges::nth_element(offsets, middle);
  everywhere_ = std::max(everywhere_, *middle);
  std::erase_if(channels_, [&](const auto& loss) { return loss.second <= everywhere_; });
}

}  // namespace tidemark
