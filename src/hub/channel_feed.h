// What one I/O thread knows of one channel: its tail and its subscriptions.
#pragma once

#include <string>
#include <vector>

#include "src/base/clock.h"
#include "src/hub/tail.h"

namespace tidemark {

class Subscription;

struct ChannelFeed {
  ChannelFeed(std::string channel_name, const Offset& thread_seen)
      : channel(std::move(channel_name)), tail(thread_seen.next()), seen(thread_seen) {}

  std::string channel;
  Tail tail;
  const Offset& seen;  // newest record the thread has been told of
  std::vector<Subscription*> subscriptions;
  Millis last_used{};    // last append with, or departure of, a subscriber
  std::size_t pass = 0;  // next subscription of the delivery pass under way
  bool in_pass = false;  // queued for delivery
  bool again = false;    // something changed behind the pass: run once more

  void add(Subscription& subscription);
  void remove(Subscription& subscription);
};

}  // namespace tidemark
