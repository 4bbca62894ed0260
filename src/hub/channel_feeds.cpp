#include "src/hub/channel_feeds.h"

#include <algorithm>

#include "src/hub/outlet.h"

namespace tidemark {

bool ChannelFeeds::can_follow(std::string_view channel) const {
  if (followed_ < options_.channels) return true;
  const ChannelFeed* const feed = find(channel);
  return feed != nullptr && !feed->subscriptions.empty();
}

Offset ChannelFeeds::held_from(std::string_view channel) const {
  const ChannelFeed* const feed = find(channel);
  return feed == nullptr ? seen_.next() : feed->tail.first();
}

std::unique_ptr<Subscription> ChannelFeeds::make_subscription(std::string_view channel, Outlet& outlet,
                                                              Subscriber& subscriber) {
  auto found = feeds_.find(channel);
  if (found == feeds_.end()) {
    found = feeds_.emplace(channel, std::make_unique<ChannelFeed>(std::string(channel), seen_)).first;
  }
  auto subscription = std::make_unique<Subscription>(++next_subscription_, *found->second, outlet, subscriber);
  subscriptions_.emplace(subscription->id(), subscription.get());
  return subscription;
}

void ChannelFeeds::follow(Subscription& subscription) {
  ChannelFeed& feed = subscription.feed();
  if (feed.subscriptions.empty()) ++followed_;
  feed.add(subscription);
}

void ChannelFeeds::leave(Subscription& subscription) {
  ChannelFeed& feed = subscription.feed();
  feed.remove(subscription);
  if (feed.subscriptions.empty()) --followed_;
  feed.last_used = clock_.steady();
  subscriptions_.erase(subscription.id());
}

void ChannelFeeds::forget_if_unused(ChannelFeed& feed) {
  const bool used = !feed.subscriptions.empty() || feed.tail.capacity() > 0 || feed.in_pass;
  if (!used) feeds_.erase(feeds_.find(feed.channel));
}

void ChannelFeeds::append(ChannelFeed& feed, Offset offset, std::string_view frames) {
  Tail& tail = feed.tail;
  if (!tail.fits(frames.size())) {
    // A tail may grow while the thread's budget lasts; without it, it makes do with what it has.
    const std::size_t budget_left = options_.tail_bytes_total - std::min(tail_bytes_, options_.tail_bytes_total);
    const std::size_t allowed = std::min(options_.tail_bytes_channel, tail.capacity() + budget_left);
    const bool hopeless = frames.size() > allowed;  // then everyone takes this record from the store
    const std::uint64_t begin = hopeless ? tail.end() : tail.begin_after_room_for(frames.size(), allowed);
    for (Subscription* const subscription : feed.subscriptions) {
      if (!subscription->live()) continue;
      if (subscription->position() < begin) subscription->outlet().keep_rest_of(*subscription);
      if (subscription->position() < begin) {
        subscription->fall_behind();
      } else if (hopeless) {
        subscription->fall_behind_at(offset);
      }
    }
    tail_bytes_ -= tail.capacity();
    if (hopeless) {
      tail.clear(offset);
      return;
    }
    tail.make_room(frames.size(), allowed);
    tail_bytes_ += tail.capacity();
  }
  tail.append(offset, frames);
}

void ChannelFeeds::sweep() {
  const Millis now = clock_.steady();
  for (auto it = feeds_.begin(); it != feeds_.end();) {
    ChannelFeed& feed = *it->second;
    const bool idle = now - feed.last_used > options_.tail_window;
    if ((idle || feed.tail.capacity() == 0) && feed.subscriptions.empty() && !feed.in_pass) {
      tail_bytes_ -= feed.tail.capacity();
      it = feeds_.erase(it);
      continue;
    }
    if (idle && feed.tail.capacity() > 0 &&
        std::ranges::all_of(feed.subscriptions, [](const Subscription* s) { return !s->live() || s->at_head(); })) {
      tail_bytes_ -= feed.tail.capacity();
      feed.tail.clear(seen_);
    }
    ++it;
  }
}

}  // namespace tidemark
