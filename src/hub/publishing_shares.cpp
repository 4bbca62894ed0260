#include "src/hub/publishing_shares.h"

#include <utility>

#include "src/hub/publisher.h"

namespace tidemark {

std::uint64_t PublishingShares::enter(Publisher& publisher) {
  publishers_.emplace(++last_number_, &publisher);
  return last_number_;
}

void PublishingShares::leave(Publisher& publisher) {
  if (publisher.counted_) --publishing_;
  undecided_ -= publisher.drafts_;
  publishers_.erase(publisher.id_);
}

void PublishingShares::queued(Publisher& publisher) {
  ++undecided_;
  if (!std::exchange(publisher.counted_, true)) ++publishing_;
}

void PublishingShares::finished(Publisher& publisher) { finished_.push_back(publisher.id_); }

// Who has finished is not discounted at once: those who flood have nothing in the queue when a commit has taken all, and
// go on one after the other.
void PublishingShares::begin_outcomes() {
  for (const std::uint64_t id : std::exchange(finished_, {})) {
    const auto found = publishers_.find(id);
    if (found == publishers_.end() || found->second->drafts_ > 0) continue;
    if (std::exchange(found->second->counted_, false)) --publishing_;
  }
}

void PublishingShares::on_outcome(const Origin& origin) {
  const auto found = publishers_.find(origin.publisher);
  if (found == publishers_.end()) return;
  --undecided_;
  found->second->on_decided(origin);
}

void PublishingShares::on_room() {
  while (!waiting_.empty()) {
    Publisher* const publisher = waiting_.front();
    waiting_.pop_front();
    if (!publisher->on_room()) {
      waiting_.push_front(publisher);
      return;
    }
  }
}

}  // namespace tidemark
