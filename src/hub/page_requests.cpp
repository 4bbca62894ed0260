#include "src/hub/page_requests.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include "src/base/limits.h"
#include "src/hub/outlet.h"

namespace tidemark {

void PageRequests::request(Subscription& subscription) {
  if (subscription.reading()) return;
  const Offset next = subscription.next();
  if (next > seen_) {  // it has seen more than this thread, whose mailbox is about to bring it
    starved_.push_back({.subscription = subscription.id()});
    subscription.set_reading(true);
    return;
  }
  ChannelFeed& feed = subscription.feed();
  if (const PagePtr page = held_page(feed, next)) return give(subscription, page);
  subscription.set_reading(true);
  const auto joined = std::ranges::find_if(feed.reads, [&](const PageRead& read) {
    return !read.newest && read.after < next && next.value() - read.after.value() <= limits::kPageJoinOffsets;
  });
  if (joined != feed.reads.end()) {
    joined->waiting.push_back(subscription.id());
    return;
  }
  // What the tail has is not read: it may be trimmed in the store already.
  const Offset up_to = std::max(next, std::min(seen_, feed.tail.first().previous()));
  if (!begin_read(subscription, next.previous(), std::nullopt, up_to)) {
    starved_.push_back({.subscription = subscription.id()});
  }
}

void PageRequests::request_newest(Subscription& subscription, std::size_t count, Offset up_to) {
  if (begin_read(subscription, Offset(), count, up_to)) return;
  subscription.set_reading(true);
  starved_.push_back({.subscription = subscription.id(), .newest = count, .up_to = up_to});
}

void PageRequests::forget(Subscription& subscription) {
  if (!subscription.reading()) return;
  auto& reads = subscription.feed().reads;
  for (PageRead& read : reads) {
    if (std::erase(read.waiting, subscription.id()) > 0 && read.waiting.empty()) *read.wanted = false;
  }
  std::erase_if(reads, [](const PageRead& read) { return read.waiting.empty(); });
}

void PageRequests::retry() {
  for (const Starved& starved : std::exchange(starved_, {})) {
    Subscription* const subscription = feeds_.subscription(starved.subscription);
    if (subscription == nullptr) continue;
    if (starved.newest) {
      request_newest(*subscription, *starved.newest, starved.up_to);
      continue;
    }
    subscription->set_reading(false);
    subscription->try_go_live();
    subscription->outlet().flush_soon();
  }
}

bool PageRequests::holds(const ChannelFeed& feed) const {
  return std::ranges::any_of(held_, [&](const HeldPage& held) { return held.feed == &feed; });
}

PagePtr PageRequests::held_page(const ChannelFeed& feed, Offset next) const {
  for (const HeldPage& held : held_) {
    if (held.feed == &feed && held.page->after < next && next <= held.page->covered) return held.page;
  }
  return nullptr;
}

bool PageRequests::begin_read(Subscription& subscription, Offset after, std::optional<std::size_t> newest,
                              Offset up_to) {
  ChannelFeed& feed = subscription.feed();
  const std::uint64_t id = ++last_read_;
  auto wanted = std::make_shared<std::atomic<bool>>(true);
  // By name: the feed may be gone, and another one in its place, when the page comes.
  const bool queued = catch_up_.request({.channel = feed.channel,
                                         .after = after,
                                         .up_to = up_to,
                                         .last = newest,
                                         .wanted = wanted,
                                         .done = [this, channel = feed.channel, id](const Result<PagePtr>& page) {
                                           executor_.post([this, channel, id, page] {
                                             ChannelFeed* const found = feeds_.find(channel);
                                             if (found != nullptr) arrived(*found, id, page);
                                           });
                                         }});
  if (!queued) return false;
  subscription.set_reading(true);
  feed.reads.push_back({.id = id,
                        .after = after,
                        .newest = newest.has_value(),
                        .waiting = {subscription.id()},
                        .wanted = std::move(wanted)});
  return true;
}

void PageRequests::arrived(ChannelFeed& feed, std::uint64_t id, const Result<PagePtr>& page) {
  const auto found = std::ranges::find(feed.reads, id, &PageRead::id);
  if (found == feed.reads.end()) return;  // those who waited have left
  const PageRead read = std::move(*found);
  feed.reads.erase(found);
  if (page) {
    held_.push_back({&feed, *page});
    if (held_.size() > limits::kPagesHeld) held_.pop_front();
  }
  for (const std::uint64_t waiting : read.waiting) {
    Subscription* const subscription = feeds_.subscription(waiting);
    if (subscription == nullptr) continue;
    subscription->set_reading(false);
    if (!page) {
      subscription->subscriber().on_read_failed(page.error());
      continue;
    }
    if (read.newest) subscription->start((*page)->after);
    give(*subscription, *page);
  }
}

void PageRequests::give(Subscription& subscription, const PagePtr& page) {
  // One that takes nothing now would only hold the page: it asks again when it can take it.
  if (!subscription.outlet().ready()) return;
  if (subscription.wants_page() && page->after < subscription.next() && subscription.next() <= page->covered &&
      !subscription.feed_page(page)) {
    subscription.subscriber().on_read_failed({ErrorCode::not_found, "a record was trimmed while it was being sent"});
    return;
  }
  subscription.outlet().flush_soon();
}

}  // namespace tidemark
