// What one I/O thread knows of one channel: its tail and its subscriptions.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/base/clock.h"
#include "src/hub/feed_relays.h"
#include "src/hub/tail.h"

namespace tidemark {

class Subscription;

/// A page on its way from the store, and who waits for it.
struct PageRead {
  std::uint64_t id = 0;
  Offset after;                               // unknown for the newest N
  bool newest = false;                        // begins at the newest N: whoever waits starts where the page does
  std::vector<std::uint64_t> waiting;         // subscriptions
  std::shared_ptr<std::atomic<bool>> wanted;  // false once nobody waits any more: the reader skips it
};

/// A pass that waits for more to deliver, see DeliveryPasses::hold_back.
struct PassHold {
  std::uint64_t number = 0;  // 0: it does not
  bool over = false;         // it has waited for as long as it may
};

struct ChannelFeed {
  ChannelFeed(std::string channel_name, const Offset& thread_seen)
      : channel(std::move(channel_name)), tail(thread_seen.next()), seen(thread_seen) {}

  std::string channel;
  Tail tail;
  const Offset& seen;  // newest record the thread has been told of
  std::vector<Subscription*> subscriptions;
  std::vector<PageRead> reads;
  Millis last_used{};                  // last append with, or departure of, a subscriber
  std::size_t pass = 0;                // next subscription of the delivery pass under way
  bool in_pass = false;                // queued for delivery
  PassHold hold;                       // of the pass that is queued
  std::unique_ptr<FeedRelays> relays;  // mostly none; while there are some, a pass is queued
  bool again = false;                  // something changed behind the pass: run once more

  /// Asks for the memory of subscriptions that a pass comes to soon: they are too many for the nearest caches.
  void prefetch() const;
  void add(Subscription& subscription);
  void remove(Subscription& subscription);
};

}  // namespace tidemark
