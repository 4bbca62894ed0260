// How much a shard holds, and does at once.
#pragma once

#include <chrono>
#include <cstddef>

#include "src/base/clock.h"
#include "src/base/limits.h"

namespace tidemark {

struct ShardOptions {
  Millis tail_window = limits::kRecoveryWindowDefault;         // how long a tail is kept that nobody reads
  std::size_t tail_bytes_channel = limits::kTailBytesChannel;  // frames held for one channel
  std::size_t tail_bytes_total = limits::kTailBytesTotal;      // and for all of them
  std::size_t deliveries_turn = limits::kDeliveriesPerTurn;    // outlets flushed before others get their turn
  std::size_t batch_from = limits::kSendsWorthBatching;        // subscribers of a channel: sends go in batches
  std::chrono::microseconds hold_per_delivery = limits::kHoldPerDelivery;  // see DeliveryPasses::hold_back
  std::size_t share_drafts = limits::kShareDrafts;  // that the thread's publishers may have in the queue
  std::size_t share_bytes = limits::kShareBytes;    // likewise, all of them together
  std::size_t channels = limits::kChannels;         // followed at a time
};

}  // namespace tidemark
