#include "src/hub/shard.h"

#include <algorithm>
#include <utility>

#include "src/base/limits.h"

namespace tidemark {

Shard::Shard(std::uint32_t index, Offset seen, const FrameEncoder& encoder, CatchUp& catch_up, Executor& executor,
             const Clock& clock, const ShardOptions& options)
    : index_(index),
      seen_(seen),
      executor_(executor),
      clock_(clock),
      options_(options),
      feeds_(seen_, clock, options_),
      shares_(options_),
      pages_(seen_, feeds_, catch_up, executor),
      passes_({.seen = seen_,
               .encoder = encoder,
               .feeds = feeds_,
               .shares = shares_,
               .executor = executor,
               .options = options_,
               .relay_bytes = relay_bytes_,
               .wake = [this] { wake(); }}) {}

Shard::~Shard() = default;

// --- mailbox ---------------------------------------------------------------------------------------------------------

void Shard::wake() {
  if (!woken_.exchange(true)) executor_.post([this] { turn(); });
}

void Shard::push_commit(BatchPtr batch, std::vector<Outcome> outcomes) {
  {
    const std::lock_guard lock(mutex_);
    if (batch) mailbox_.batches.push_back(std::move(batch));
    if (mailbox_.outcomes.empty()) {
      mailbox_.outcomes = std::move(outcomes);
    } else {
      mailbox_.outcomes.insert(mailbox_.outcomes.end(), outcomes.begin(), outcomes.end());
    }
  }
  wake();
}

void Shard::push_relay(RelayPtr relay) {
  if (relay_bytes_ > limits::kRelayBytes) return;
  relay_bytes_ += bytes_of(*relay);
  {
    const std::lock_guard lock(mutex_);
    mailbox_.relays.push_back(std::move(relay));
  }
  wake();
}

void Shard::push_room() {
  {
    const std::lock_guard lock(mutex_);
    mailbox_.room = true;
  }
  wake();
}

void Shard::push_take_over(std::uint64_t subscription) {
  {
    const std::lock_guard lock(mutex_);
    mailbox_.taken_over.push_back(subscription);
  }
  wake();
}

void Shard::turn() {
  woken_.store(false);
  Mailbox mail;
  {
    const std::lock_guard lock(mutex_);
    std::swap(mail, mailbox_);
  }
  for (const BatchPtr& batch : mail.batches) take(*batch);
  if (!mail.outcomes.empty()) shares_.begin_outcomes();
  for (const Outcome& outcome : mail.outcomes) {
    if (Subscription* const subscription = feeds_.subscription(outcome.origin.subscription)) {
      subscription->subscriber().on_outcome(outcome);
    }
    shares_.on_outcome(outcome.origin);
  }
  for (const std::uint64_t id : mail.taken_over) {
    if (Subscription* const subscription = feeds_.subscription(id)) subscription->subscriber().on_taken_over();
  }
  if (!mail.batches.empty()) pages_.retry();
  for (const RelayPtr& relay : mail.relays) take(relay);
  if (mail.room) shares_.on_room();
  passes_.run();
  run_flushes();
}

// --- what was committed ----------------------------------------------------------------------------------------------

void Shard::take(const Batch& batch) {
  // Offsets of a batch that this thread knew from its start (head was read before the batch came) are not news.
  if (batch.head <= seen_) return;
  std::vector<ChannelFeed*> feeds(batch.channels.size(), nullptr);
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    feeds[i] = feeds_.find(batch.channels[i]);
    if (feeds[i] != nullptr && !feeds[i]->subscriptions.empty()) feeds[i]->last_used = clock_.steady();
  }
  std::size_t begin = 0;
  for (const Batch::Entry& entry : batch.entries) {
    if (ChannelFeed* const feed = feeds[entry.channel]) {
      feeds_.append(*feed, entry.offset, std::string_view(batch.frames).substr(begin, entry.end - begin));
    }
    begin = entry.end;
  }
  seen_ = batch.head;
  for (ChannelFeed* const feed : feeds) {
    if (feed != nullptr && !feed->subscriptions.empty()) passes_.queue(*feed);
  }
}

void Shard::take(const RelayPtr& relay) {
  if (ChannelFeed* const feed = feeds_.find(relay->channel)) return passes_.queue(*feed, relay);
  relay_bytes_ -= bytes_of(*relay);
}

// --- outlets ---------------------------------------------------------------------------------------------------------

void Shard::run_flushes() {
  for (std::size_t budget = options_.deliveries_turn; !flushes_.empty() && budget > 0;) {
    Outlet* const outlet = flushes_.front();
    flushes_.pop_front();
    outlet->flush_queued_ = false;
    budget -= std::min(budget, outlet->holds_page() ? limits::kPageDeliveries : 1);
    outlet->flush();
  }
  if (!flushes_.empty()) wake();
}

void Shard::start(Subscription& subscription, Offset after) {
  feeds_.follow(subscription);
  subscription.start(after);
  subscription.outlet().flush_soon();
}

void Shard::start_last(Subscription& subscription, std::size_t count, Offset up_to) {
  if (count == 0) return start(subscription, up_to);
  feeds_.follow(subscription);
  pages_.request_newest(subscription, count, up_to);
}

void Shard::remove(Subscription& subscription) {
  ChannelFeed& feed = subscription.feed();
  feeds_.leave(subscription);
  pages_.forget(subscription);
  if (!pages_.holds(feed)) feeds_.forget_if_unused(feed);
}

void Shard::sweep() {
  pages_.retry();
  pages_.drop_held();
  feeds_.sweep();
}

}  // namespace tidemark
