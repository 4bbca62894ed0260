#include "src/hub/subscription.h"

#include <algorithm>
#include <cassert>

#include "src/hub/channel_feed.h"

namespace tidemark {

void ChannelFeed::prefetch() const {
  constexpr std::size_t kNear = 4, kFar = 8;
  if (pass + kFar >= subscriptions.size()) return;
  __builtin_prefetch(subscriptions[pass + kFar]);
  const Outlet& outlet = subscriptions[pass + kNear]->outlet();
  __builtin_prefetch(&outlet);
  __builtin_prefetch(reinterpret_cast<const char*>(&outlet) + 64);
}

void ChannelFeed::add(Subscription& subscription) {
  subscription.feed_index = subscriptions.size();
  subscriptions.push_back(&subscription);
}

void ChannelFeed::remove(Subscription& subscription) {
  Subscription* const last = subscriptions.back();
  subscriptions[subscription.feed_index] = last;
  last->feed_index = subscription.feed_index;
  subscriptions.pop_back();
  again = again || pass > 0;  // the one that moved may stand behind the pass now
}

void Subscription::start(Offset after) {
  next_ = after.next();
  sent_ = 0;
  try_go_live();
}

bool Subscription::at_head() const { return live_ && position_ == feed_.tail.end(); }

void Subscription::try_go_live() {
  // A client may be ahead of this thread (another thread delivered the record first): it waits until the tail reaches
  // it.
  if (live_ || sent_ != 0 || next_ < feed_.tail.first()) return;
  page_.reset();
  position_ = feed_.tail.position_of(next_);
  if (position_ == feed_.tail.end() && next_ > feed_.seen.next()) return;
  live_ = true;
  consumed(0);
}

std::string_view Subscription::pending(std::size_t max_bytes) const {
  // A record is never cut: a sink may need whole frames to take anything at all.
  if (live_) {
    const Tail& tail = feed_.tail;
    if (tail.end() - position_ <= max_bytes) return tail.bytes(position_, max_bytes);
    return tail.bytes(position_, std::max<std::size_t>(max_bytes, tail.record_end(position_) - position_));
  }
  if (!page_) return {};
  const auto rest = std::string_view(page_->frames).substr(position_);
  if (rest.size() <= max_bytes) return rest;
  return rest.substr(0,
                     std::max<std::size_t>(max_bytes, page_->ends[index_at(page_->ends, position_)].end - position_));
}

void Subscription::consumed(std::size_t bytes) {
  position_ += bytes;
  if (live_) {
    if (!announced_ && position_ == feed_.tail.end()) {
      announced_ = true;
      subscriber_.on_live(feed_.seen);
    }
    return;
  }
  if (!page_ || position_ < page_->frames.size()) return;
  next_ = std::max(next_, page_->covered.next());
  sent_ = 0;
  page_.reset();
  try_go_live();
}

bool Subscription::at_boundary() const {
  if (live_) return position_ == feed_.tail.end() || feed_.tail.place(position_).sent == 0;
  if (!page_) return sent_ == 0;
  const std::size_t index = index_at(page_->ends, position_);
  return position_ == (index == 0 ? 0 : page_->ends[index - 1].end);
}

std::string_view Subscription::rest_of_record() const {
  if (at_boundary()) return {};
  if (live_) return feed_.tail.bytes(position_, feed_.tail.record_end(position_) - position_);
  if (page_) return pending(page_->ends[index_at(page_->ends, position_)].end - position_);
  return {};
}

bool Subscription::feed_page(PagePtr page) {
  assert(!live_ && page->after < next_);
  const std::size_t index = index_of(page->ends, next_);
  if (sent_ > 0 && (index == page->ends.size() || page->ends[index].offset != next_)) return false;
  if (page->gap_to >= next_) {
    if (!subscriber_.on_gap(next_, page->gap_to, page->gap_reason)) return false;
    next_ = page->gap_to.next();
  }
  page_ = std::move(page);
  position_ = (index == 0 ? 0 : page_->ends[index - 1].end) + sent_;
  consumed(0);  // an empty page, or one that ends before next_, moves the cursor on at once
  return true;
}

void Subscription::drop_page() {
  if (!page_) return;
  const std::size_t index = index_at(page_->ends, position_);
  next_ = std::max(next_, page_->ends[index].offset);
  sent_ = position_ - (index == 0 ? 0 : page_->ends[index - 1].end);
  page_.reset();
}

void Subscription::fall_behind() {
  assert(live_ && !at_head());
  const auto place = feed_.tail.place(position_);
  live_ = false;
  next_ = place.offset;
  sent_ = place.sent;
}

void Subscription::fall_behind_at(Offset next) {
  assert(at_head());
  live_ = false;
  next_ = next;
  sent_ = 0;
}

}  // namespace tidemark
