#include "src/hub/feed_relays.h"

#include "src/base/limits.h"
#include "src/hub/outlet.h"
#include "src/hub/subscription.h"

namespace tidemark {

void FeedRelays::begin_pass() {
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < waiting_.size() && bytes < limits::kRelayPassBytes; ++count) {
    bytes += bytes_of(*waiting_[count]);
  }
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  passing_.assign(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  frames_.clear();
}

void FeedRelays::deliver(Subscription& subscription, Offset seen, const FrameEncoder& encoder) {
  Outlet& outlet = subscription.outlet();
  outlet.flush();
  if (!subscription.at_head()) return;
  if (frames_.empty() || position_ != seen) {
    frames_.clear();
    ends_.clear();
    position_ = seen;
    for (const RelayPtr& relay : passing_) {
      encoder.encode_relay(*relay, seen, frames_);
      ends_.push_back(frames_.size());
    }
  }
  outlet.offer(frames_, ends_);
}

std::size_t FeedRelays::end_pass() {
  std::size_t bytes = 0;
  for (const RelayPtr& relay : passing_) bytes += bytes_of(*relay);
  passing_.clear();
  return bytes;
}

}  // namespace tidemark
