#include "src/hub/delivery_passes.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "src/base/limits.h"
#include "src/hub/feed_relays.h"

namespace tidemark {

void DeliveryPasses::queue(ChannelFeed& feed) {
  if (feed.in_pass) {
    feed.again = feed.again || feed.pass > 0;
    return;
  }
  feed.in_pass = true;
  feed.again = false;
  feed.pass = 0;
  passes_.push_back(&feed);
}

void DeliveryPasses::queue(ChannelFeed& feed, const RelayPtr& relay) {
  if (!feed.relays) feed.relays = std::make_unique<FeedRelays>();
  feed.relays->add(relay);
  queue(feed);
}

void DeliveryPasses::run() {
  std::size_t budget = around_.options.deliveries_turn;
  std::size_t held_back = 0;  // the last ones in the queue
  while (passes_.size() > held_back && budget > 0) {
    ChannelFeed& feed = *passes_.front();
    if (feed.pass == 0 && hold_back(feed)) {
      passes_.pop_front();
      passes_.push_back(&feed);
      ++held_back;
      continue;
    }
    feed.hold = {};
    if (feed.pass == 0 && feed.relays) feed.relays->begin_pass();
    for (; feed.pass < feed.subscriptions.size() && budget > 0; --budget) {
      feed.prefetch();
      deliver(feed, *feed.subscriptions[feed.pass++]);
    }
    send_batch();
    if (feed.pass < feed.subscriptions.size()) break;
    passes_.pop_front();
    feed.in_pass = false;
    if (feed.relays) {
      around_.relay_bytes -= feed.relays->end_pass();
      if (feed.relays->empty()) feed.relays.reset();
    }
    if (feed.again || feed.relays) queue(feed);
  }
  if (passes_.size() > held_back) around_.wake();
}

// A send costs about the same for one record as for twenty. So where drafts are under way, a pass over many subscribers
// waits for them, but never longer than it is going to take itself. Whoever publishes alone has none under way by then.
bool DeliveryPasses::hold_back(ChannelFeed& feed) {
  const ShardOptions& options = around_.options;
  const std::size_t subscribers = feed.subscriptions.size();
  if (around_.shares.undecided() == 0 || subscribers < options.batch_from || feed.hold.over) return false;
  if (feed.hold.number != 0) return true;
  feed.hold.number = ++last_hold_;
  const auto longest = std::min<std::chrono::microseconds>(
      limits::kHoldMost, options.hold_per_delivery * static_cast<std::int64_t>(subscribers));
  // By name: the feed may be gone, and another one in its place.
  around_.executor.post_after(longest, [this, channel = feed.channel, number = feed.hold.number] {
    ChannelFeed* const held = around_.feeds.find(channel);
    if (held == nullptr || held->hold.number != number) return;
    held->hold.over = true;
    around_.wake();
  });
  return true;
}

void DeliveryPasses::deliver(ChannelFeed& feed, Subscription& subscription) {
  if (feed.relays && feed.relays->passing()) return feed.relays->deliver(subscription, around_.seen, around_.encoder);
  Outlet& outlet = subscription.outlet();
  const bool worth_it = feed.subscriptions.size() >= around_.options.batch_from;
  if (sender_ == nullptr || !worth_it || sender_->capacity() == 0) return outlet.flush();
  const auto [socket, frames] = outlet.plain_send();
  if (socket < 0) return outlet.flush();
  sender_->add(socket, frames);
  batch_.push_back({&outlet, frames});
  if (batch_.size() == sender_->capacity()) send_batch();
}

void DeliveryPasses::send_batch() {
  if (batch_.empty()) return;
  const auto results = sender_->send_all();
  for (std::size_t i = 0; i < batch_.size(); ++i) batch_[i].outlet->plain_sent(batch_[i].frames, results[i]);
  batch_.clear();
}

}  // namespace tidemark
