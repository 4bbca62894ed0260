// A shard: one I/O thread's part of the hub. It owns the thread's tails and subscriptions; nothing of it is shared.
//
// Commits, relays and answers arrive through a mailbox: one wake-up per batch, one short lock to swap it out.
// Everything else here is called on the I/O thread only.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/base/clock.h"
#include "src/base/limits.h"
#include "src/hub/batch.h"
#include "src/hub/batch_sender.h"
#include "src/hub/catch_up.h"
#include "src/hub/channel_feed.h"
#include "src/hub/outlet.h"
#include "src/hub/publisher.h"
#include "src/hub/subscription.h"
#include "src/log/log.h"

namespace tidemark {

/// Runs things on the shard's thread, in order.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Any thread.
  virtual void post(std::function<void()> task) = 0;
  /// After that time at the earliest. The shard's thread only.
  virtual void post_after(std::chrono::microseconds delay, std::function<void()> task) = 0;
};

struct ShardOptions {
  Millis tail_window = limits::kRecoveryWindowDefault;         // how long a tail is kept that nobody reads
  std::size_t tail_bytes_channel = limits::kTailBytesChannel;  // frames held for one channel
  std::size_t tail_bytes_total = limits::kTailBytesTotal;      // and for all of them
  std::size_t deliveries_turn = limits::kDeliveriesPerTurn;    // outlets flushed before others get their turn
  std::size_t batch_from = limits::kSendsWorthBatching;        // subscribers of a channel: sends go in batches
  std::chrono::microseconds hold_per_delivery = limits::kHoldPerDelivery;  // see Shard::hold_back
  std::size_t share_drafts = limits::kShareDrafts;  // that the thread's publishers may have in the queue
  std::size_t share_bytes = limits::kShareBytes;    // likewise, all of them together
  std::size_t channels = limits::kChannels;         // followed at a time
};

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
  [[nodiscard]] std::size_t subscription_count() const { return subscriptions_.size(); }
  [[nodiscard]] std::size_t tail_bytes() const { return tail_bytes_; }
  [[nodiscard]] std::size_t pages_held() const { return held_.size(); }
  /// Whether one more channel may be followed at this thread (ShardOptions::channels).
  [[nodiscard]] bool can_follow(std::string_view channel) const;
  /// Whoever subscribes now gets every record of the channel from here on from memory, whatever the store has trimmed.
  [[nodiscard]] Offset held_from(std::string_view channel) const;

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
  void set_batch_sender(BatchSender* sender) { sender_ = sender; }
  /// Once a second: gives back what idle channels hold and asks again for pages that found the queue full.
  void sweep();

 private:
  friend class Outlet;
  friend class Publisher;

  /// A publisher's number, under which it is told of its outcomes.
  std::uint64_t enter(Publisher& publisher);
  void forget(Publisher& publisher);
  void begin_publishing(Publisher& publisher);
  void end_publishing(Publisher& publisher) { finished_.push_back(publisher.id_); }
  void discount_finished();
  /// What each may have in the queue.
  struct Share {
    std::size_t drafts, bytes;
  };
  [[nodiscard]] Share publishing_share() const {
    const std::size_t parts = std::max<std::size_t>(publishing_, 1);
    return {.drafts = options_.share_drafts / parts, .bytes = options_.share_bytes / parts};
  }
  void wait_for_room(Publisher& publisher) { paused_.push_back(&publisher); }
  void forget_room(Publisher& publisher) { std::erase(paused_, &publisher); }

  std::unique_ptr<Subscription> make_subscription(std::string_view channel, Outlet& outlet, Subscriber& subscriber);
  void follow(Subscription& subscription);
  void start(Subscription& subscription, Offset after);
  void start_last(Subscription& subscription, std::size_t count, Offset up_to);
  void remove(Subscription& subscription);
  void request_page(Subscription& subscription);
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
  void append(ChannelFeed& feed, Offset offset, std::string_view frames);
  void queue_pass(ChannelFeed& feed);
  void run_passes();
  /// Whether a pass is to wait for records that are being committed.
  [[nodiscard]] bool hold_back(ChannelFeed& feed);
  void begin_relays(ChannelFeed& feed);
  void end_relays(ChannelFeed& feed);
  void relay(ChannelFeed& feed, Subscription& subscription);
  /// One subscription of a delivery pass: sends now, or with the batch.
  void deliver(ChannelFeed& feed, Subscription& subscription);
  void send_batch();
  void run_flushes();
  void resume_publishers();
  void retry_starved();
  void begin_newest(Subscription& subscription, std::size_t count, Offset up_to);
  /// False: too many reads wait already.
  [[nodiscard]] bool begin_read(Subscription& subscription, Offset after, std::optional<std::size_t> newest,
                                Offset up_to);
  void page_arrived(ChannelFeed& feed, std::uint64_t read, const Result<PagePtr>& page);
  void forget_if_unused(ChannelFeed& feed);
  void give_page(Subscription& subscription, const PagePtr& page);
  [[nodiscard]] PagePtr held_page(const ChannelFeed& feed, Offset next) const;

  struct HeldPage {
    const ChannelFeed* feed;
    PagePtr page;
  };
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  const std::uint32_t index_;
  Offset seen_;
  const FrameEncoder& encoder_;
  CatchUp& catch_up_;
  Executor& executor_;
  const Clock& clock_;
  const ShardOptions options_;

  std::mutex mutex_;  // guards mailbox_ only
  Mailbox mailbox_;
  std::atomic<bool> woken_ = false;
  std::atomic<std::size_t> relay_bytes_ = 0;  // of relays in the mailbox and with the feeds

  std::unordered_map<std::string, std::unique_ptr<ChannelFeed>, NameHash, std::equal_to<>> feeds_;
  std::size_t followed_ = 0;  // feeds with subscriptions; the others hold a tail for those who may come back
  std::unordered_map<std::uint64_t, Subscription*> subscriptions_;
  std::uint64_t next_subscription_ = 0;
  std::size_t tail_bytes_ = 0;
  std::deque<ChannelFeed*> passes_;
  std::uint64_t last_hold_ = 0;
  BatchSender* sender_ = nullptr;
  struct BatchedSend {
    Outlet* outlet;
    std::string_view frames;
  };
  std::vector<BatchedSend> batch_;
  std::deque<Outlet*> flushes_;
  std::unordered_map<std::uint64_t, Publisher*> publishers_;  // those that have published since they came
  std::uint64_t next_publisher_ = 0;
  std::size_t publishing_ = 0;           // how many of them share the queue
  std::size_t undecided_ = 0;            // their drafts that have no outcome yet
  std::vector<std::uint64_t> finished_;  // those that had no drafts left after the last commit; some may have again
  std::deque<Publisher*> paused_;        // their drafts found the queue full
  /// A subscription that could not be served yet: it is ahead of seen, or the readers' queue was full.
  struct Starved {
    std::uint64_t subscription;
    std::optional<std::size_t> newest;  // it has not begun yet: it is to begin with so many
    Offset up_to;
  };
  std::vector<Starved> starved_;
  std::uint64_t next_read_ = 0;
  std::deque<HeldPage> held_;
};

}  // namespace tidemark
