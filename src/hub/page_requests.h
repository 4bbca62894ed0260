// Page requests: what the subscriptions of one I/O thread that are behind their tails want from the store. Those who want
// the same stretch share one read, and the last pages are held for a moment for those who come right after.
//
// Owned by the thread's shard and used on that thread only; pages come back to it from the catch-up readers through the
// executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "src/base/error.h"
#include "src/base/offset.h"
#include "src/hub/catch_up.h"
#include "src/hub/channel_feeds.h"
#include "src/hub/executor.h"
#include "src/hub/page.h"
#include "src/hub/subscription.h"

namespace tidemark {

class PageRequests {
 public:
  /// All references must outlive it. `seen`: the newest record the thread has been told of.
  PageRequests(const Offset& seen, const ChannelFeeds& feeds, CatchUp& catch_up, Executor& executor)
      : seen_(seen), feeds_(feeds), catch_up_(catch_up), executor_(executor) {}
  PageRequests(const PageRequests&) = delete;
  PageRequests& operator=(const PageRequests&) = delete;

  /// The page at the subscription's cursor, unless it waits for one already.
  void request(Subscription& subscription);
  /// The one with the newest `count` records of its channel up to `up_to`, where it is to begin.
  void request_newest(Subscription& subscription, std::size_t count, Offset up_to);
  /// It has left. Reads for nobody else are called off.
  void forget(Subscription& subscription);
  /// Asks again for those who could not be served: more records are known, or the readers have room again.
  void retry();

  /// Whether a page of this channel is held.
  [[nodiscard]] bool holds(const ChannelFeed& feed) const;
  [[nodiscard]] std::size_t held() const { return held_.size(); }
  void drop_held() { held_.clear(); }

 private:
  /// False: too many reads wait already.
  [[nodiscard]] bool begin_read(Subscription& subscription, Offset after, std::optional<std::size_t> newest,
                                Offset up_to);
  void arrived(ChannelFeed& feed, std::uint64_t read, const Result<PagePtr>& page);
  void give(Subscription& subscription, const PagePtr& page);
  [[nodiscard]] PagePtr held_page(const ChannelFeed& feed, Offset next) const;

  const Offset& seen_;
  const ChannelFeeds& feeds_;
  CatchUp& catch_up_;
  Executor& executor_;
  /// A subscription that could not be served yet: it is ahead of seen_, or the readers' queue was full.
  struct Starved {
    std::uint64_t subscription;
    std::optional<std::size_t> newest;  // it has not begun yet: it is to begin with so many
    Offset up_to;
  };
  std::vector<Starved> starved_;
  struct HeldPage {
    const ChannelFeed* feed;
    PagePtr page;
  };
  std::deque<HeldPage> held_;
  std::uint64_t last_read_ = 0;
};

}  // namespace tidemark
