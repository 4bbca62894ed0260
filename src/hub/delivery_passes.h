// Delivery passes: each goes over the subscribers of one channel and sends them what they are owed. Where many subscribe,
// a pass takes several turns of the thread, its sends go in batches, and it waits a moment for more to send.
//
// Owned by the thread's shard and used on that thread only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string_view>
#include <vector>

#include "src/base/offset.h"
#include "src/hub/batch.h"
#include "src/hub/batch_sender.h"
#include "src/hub/channel_feeds.h"
#include "src/hub/executor.h"
#include "src/hub/frame_encoder.h"
#include "src/hub/outlet.h"
#include "src/hub/publishing_shares.h"
#include "src/hub/shard_options.h"

namespace tidemark {

class DeliveryPasses {
 public:
  /// What a pass knows of the shard; all of it must outlive the passes.
  struct Surroundings {
    const Offset& seen;
    const FrameEncoder& encoder;
    const ChannelFeeds& feeds;
    const PublishingShares& shares;
    Executor& executor;
    const ShardOptions& options;
    std::atomic<std::size_t>& relay_bytes;  // of relays that have not passed yet
    std::function<void()> wake;             // sees to it that run() is called again
  };
  explicit DeliveryPasses(Surroundings surroundings) : around_(std::move(surroundings)) {}
  DeliveryPasses(const DeliveryPasses&) = delete;
  DeliveryPasses& operator=(const DeliveryPasses&) = delete;

  /// Delivers with it from now on, where it pays. Null: with plain sends.
  void set_batch_sender(BatchSender* sender) { sender_ = sender; }
  /// There is something new for the feed's subscribers.
  void queue(ChannelFeed& feed);
  void queue(ChannelFeed& feed, const RelayPtr& relay);
  /// One turn's worth of the passes that are queued.
  void run();

 private:
  /// Whether a pass is to wait for records that are being committed.
  [[nodiscard]] bool hold_back(ChannelFeed& feed);
  /// One subscription of a pass: sends now, or with the batch.
  void deliver(ChannelFeed& feed, Subscription& subscription);
  void send_batch();

  const Surroundings around_;
  std::deque<ChannelFeed*> passes_;
  std::uint64_t last_hold_ = 0;
  BatchSender* sender_ = nullptr;
  struct BatchedSend {
    Outlet* outlet;
    std::string_view frames;
  };
  std::vector<BatchedSend> batch_;
};

}  // namespace tidemark
