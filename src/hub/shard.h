// A shard: one I/O thread's part of the hub. It takes what comes from other threads - commits, relays, outcomes - and gives
// it to whoever it concerns here; nothing of it is shared. Its parts:
//   channel_feeds      the channels, their tails and who subscribes
//   delivery_passes    sends what is new to the subscribers of a channel
//   page_requests      reads from the store for those who are behind
//   publishing_shares  what each publisher may have in the sequencer's queue
//
// Other threads write into a mailbox: one wake-up per batch, one short lock to swap it out. Everything else here is called
// on the I/O thread only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "src/base/clock.h"
#include "src/hub/batch.h"
#include "src/hub/batch_sender.h"
#include "src/hub/catch_up.h"
#include "src/hub/channel_feeds.h"
#include "src/hub/delivery_passes.h"
#include "src/hub/executor.h"
#include "src/hub/outlet.h"
#include "src/hub/page_requests.h"
#include "src/hub/publisher.h"
#include "src/hub/publishing_shares.h"
#include "src/hub/shard_options.h"
#include "src/hub/subscription.h"
#include "src/log/log.h"

namespace tidemark {

class Shard {
 public:
  /// All references must outlive it.
  Shard(std::uint32_t index, Offset seen, const FrameEncoder& encoder, CatchUp& catch_up, Executor& executor,
        const Clock& clock, const ShardOptions& options);
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  ~Shard();

  [[nodiscard]] std::uint32_t index() const { return index_; }
  /// The newest record this thread has been told of.
  [[nodiscard]] Offset seen() const { return seen_; }
  [[nodiscard]] std::size_t subscription_count() const { return feeds_.subscription_count(); }
  [[nodiscard]] std::size_t tail_bytes() const { return feeds_.tail_bytes(); }
  [[nodiscard]] std::size_t pages_held() const { return pages_.held(); }
  /// Whether one more channel may be followed at this thread (ShardOptions::channels).
  [[nodiscard]] bool can_follow(std::string_view channel) const { return feeds_.can_follow(channel); }
  /// Whoever subscribes now gets every record of the channel from here on from memory, whatever the store has trimmed.
  [[nodiscard]] Offset held_from(std::string_view channel) const { return feeds_.held_from(channel); }

  // --- any thread ---
  void push_commit(BatchPtr batch, std::vector<Outcome> outcomes);
  /// Best effort: dropped if limits::kRelayBytes of relays wait already. Subscribers that are behind, or take nothing
  /// now, miss it.
  void push_relay(RelayPtr relay);
  void push_room();
  /// Tells a subscription, if it is still here, that its session was taken over.
  void push_take_over(std::uint64_t subscription);

  // --- I/O thread ---
  /// Delivers with it from now on, where it pays. Null: with plain sends. Must outlive the shard's last turn.
  void set_batch_sender(BatchSender* sender) { passes_.set_batch_sender(sender); }
  /// Once a second: gives back what idle channels hold and asks again for pages that found the queue full.
  void sweep();

 private:
  friend class Outlet;
  friend class Publisher;

  // --- for publishers ---
  [[nodiscard]] PublishingShares& shares() { return shares_; }

  // --- for outlets ---
  std::unique_ptr<Subscription> make_subscription(std::string_view channel, Outlet& outlet, Subscriber& subscriber) {
    return feeds_.make_subscription(channel, outlet, subscriber);
  }
  void start(Subscription& subscription, Offset after);
  void start_last(Subscription& subscription, std::size_t count, Offset up_to);
  void remove(Subscription& subscription);
  void request_page(Subscription& subscription) { pages_.request(subscription); }
  void queue_flush(Outlet& outlet) {
    flushes_.push_back(&outlet);
    wake();
  }
  void forget_flush(Outlet& outlet) { std::erase(flushes_, &outlet); }

  struct Mailbox {
    std::vector<BatchPtr> batches;
    std::vector<Outcome> outcomes;
    std::vector<RelayPtr> relays;
    std::vector<std::uint64_t> taken_over;
    bool room = false;
  };
  void wake();
  void turn();
  void take(const Batch& batch);
  void take(const RelayPtr& relay);
  void run_flushes();

  const std::uint32_t index_;
  Offset seen_;
  Executor& executor_;
  const Clock& clock_;
  const ShardOptions options_;

  std::mutex mutex_;  // guards mailbox_ only
  Mailbox mailbox_;
  std::atomic<bool> woken_ = false;
  std::atomic<std::size_t> relay_bytes_ = 0;  // of relays in the mailbox and with the feeds

  ChannelFeeds feeds_;
  PublishingShares shares_;
  PageRequests pages_;
  DeliveryPasses passes_;
  std::deque<Outlet*> flushes_;
};

}  // namespace tidemark
