#include "src/hub/shard.h"

#include <algorithm>
#include <utility>

#include "src/base/journal.h"
#include "src/base/limits.h"

namespace tidemark {

Shard::Shard(std::uint32_t index, Offset seen, const FrameEncoder& encoder, CatchUp& catch_up, Executor& executor,
             const Clock& clock, const ShardOptions& options)
    : index_(index),
      seen_(seen),
      encoder_(encoder),
      catch_up_(catch_up),
      executor_(executor),
      clock_(clock),
      options_(options) {}

Shard::~Shard() = default;

Offset Shard::held_from(std::string_view channel) const {
  const auto found = feeds_.find(channel);
  return found == feeds_.end() ? seen_.next() : found->second->tail.first();
}

bool Shard::can_follow(std::string_view channel) const {
  if (followed_ < options_.channels) return true;
  const auto found = feeds_.find(channel);
  return found != feeds_.end() && !found->second->subscriptions.empty();
}

namespace {
std::size_t bytes_of(const Relay& relay) {
  return relay.event.size() + relay.payload.size() + relay.attachments.size() + sizeof(Relay);
}
}  // namespace

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
  if (!mail.outcomes.empty()) discount_finished();
  for (const Outcome& outcome : mail.outcomes) {
    if (const auto found = subscriptions_.find(outcome.origin.subscription); found != subscriptions_.end()) {
      found->second->subscriber().on_outcome(outcome);
    }
    if (const auto found = publishers_.find(outcome.origin.publisher); found != publishers_.end()) {
      found->second->on_decided(outcome.origin);
    }
  }
  for (const std::uint64_t id : mail.taken_over) {
    if (const auto found = subscriptions_.find(id); found != subscriptions_.end()) {
      found->second->subscriber().on_taken_over();
    }
  }
  if (!mail.batches.empty()) retry_starved();
  for (const RelayPtr& relay : mail.relays) take(relay);
  if (mail.room) resume_publishers();
  run_passes();
  run_flushes();
}

// --- what was committed ----------------------------------------------------------------------------------------------

void Shard::take(const Batch& batch) {
  // Offsets of a batch that this thread knew from its start (head was read before the batch came) are not news.
  if (batch.head <= seen_) return;
  std::vector<ChannelFeed*> feeds(batch.channels.size(), nullptr);
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    const auto found = feeds_.find(batch.channels[i]);
    if (found == feeds_.end()) continue;
    feeds[i] = found->second.get();
    if (!feeds[i]->subscriptions.empty()) feeds[i]->last_used = clock_.steady();
  }
  std::size_t begin = 0;
  for (const Batch::Entry& entry : batch.entries) {
    if (ChannelFeed* const feed = feeds[entry.channel]) {
      append(*feed, entry.offset, std::string_view(batch.frames).substr(begin, entry.end - begin));
    }
    begin = entry.end;
  }
  seen_ = batch.head;
  for (ChannelFeed* const feed : feeds) {
    if (feed != nullptr && !feed->subscriptions.empty()) queue_pass(*feed);
  }
}

void Shard::append(ChannelFeed& feed, Offset offset, std::string_view frames) {
  Tail& tail = feed.tail;
  if (!tail.fits(frames.size())) {
    // A tail may grow while the thread's budget lasts; without it, it makes do with what it has.
    const std::size_t budget_left = options_.tail_bytes_total - std::min(tail_bytes_, options_.tail_bytes_total);
    const std::size_t allowed = std::min(options_.tail_bytes_channel, tail.capacity() + budget_left);
    const bool hopeless = frames.size() > allowed;  // then everyone takes this record from the store
    const std::uint64_t begin = hopeless ? tail.end() : tail.begin_after_room_for(frames.size(), allowed);
    for (Subscription* const subscription : feed.subscriptions) {
      if (!subscription->live()) continue;
      Outlet& outlet = subscription->outlet();
      if (subscription->position() < begin && outlet.mid_ == subscription) outlet.keep_rest();
      if (subscription->position() < begin) {
        subscription->fall_behind();
      } else if (hopeless) {
        subscription->fall_behind_at(offset);
      }
    }
    tail_bytes_ -= tail.capacity();
    if (hopeless) {
      tail.clear(offset);
      return;
    }
    tail.make_room(frames.size(), allowed);
    tail_bytes_ += tail.capacity();
  }
  tail.append(offset, frames);
}

void Shard::take(const RelayPtr& relay) {
  const auto found = feeds_.find(relay->channel);
  if (found == feeds_.end()) {
    relay_bytes_ -= bytes_of(*relay);
    return;
  }
  ChannelFeed& feed = *found->second;
  if (!feed.relays) feed.relays = std::make_unique<FeedRelays>();
  feed.relays->waiting.push_back(relay);
  queue_pass(feed);
}

// --- delivery --------------------------------------------------------------------------------------------------------

void Shard::queue_pass(ChannelFeed& feed) {
  if (feed.in_pass) {
    feed.again = feed.again || feed.pass > 0;
    return;
  }
  feed.in_pass = true;
  feed.again = false;
  feed.pass = 0;
  passes_.push_back(&feed);
}

void Shard::run_passes() {
  std::size_t budget = options_.deliveries_turn;
  std::size_t held_back = 0;  // the last ones in the queue
  while (passes_.size() > held_back && budget > 0) {
    ChannelFeed& feed = *passes_.front();
    if (feed.pass == 0 && hold_back(feed)) {
      passes_.pop_front();
      passes_.push_back(&feed);
      ++held_back;
      continue;
    }
    feed.hold = {};
    if (feed.pass == 0) begin_relays(feed);
    for (; feed.pass < feed.subscriptions.size() && budget > 0; --budget) {
      feed.prefetch();
      deliver(feed, *feed.subscriptions[feed.pass++]);
    }
    send_batch();
    if (feed.pass < feed.subscriptions.size()) break;
    passes_.pop_front();
    feed.in_pass = false;
    end_relays(feed);
    if (feed.again || feed.relays) queue_pass(feed);
  }
  if (passes_.size() > held_back) wake();
}

// A send costs about the same for one record as for twenty. So where drafts are under way, a pass over many subscribers
// waits for them, but never longer than it is going to take itself. Whoever publishes alone has none under way by then.
bool Shard::hold_back(ChannelFeed& feed) {
  if (undecided_ == 0 || feed.subscriptions.size() < options_.batch_from || feed.hold.over) return false;
  if (feed.hold.number != 0) return true;
  feed.hold.number = ++last_hold_;
  const auto longest = std::min<std::chrono::microseconds>(
      limits::kHoldMost, options_.hold_per_delivery * static_cast<std::int64_t>(feed.subscriptions.size()));
  // By name: the feed may be gone, and another one in its place.
  executor_.post_after(longest, [this, channel = feed.channel, number = feed.hold.number] {
    const auto found = feeds_.find(channel);
    if (found == feeds_.end() || found->second->hold.number != number) return;
    found->second->hold.over = true;
    wake();
  });
  return true;
}

void Shard::begin_relays(ChannelFeed& feed) {
  if (!feed.relays) return;
  auto& [waiting, passing, position, frames, ends] = *feed.relays;
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < waiting.size() && bytes < limits::kRelayPassBytes; ++count) {
    bytes += bytes_of(*waiting[count]);
  }
  const auto end = waiting.begin() + static_cast<std::ptrdiff_t>(count);
  passing.assign(waiting.begin(), end);
  waiting.erase(waiting.begin(), end);
  frames.clear();
}

void Shard::end_relays(ChannelFeed& feed) {
  if (!feed.relays) return;
  for (const RelayPtr& relay : feed.relays->passing) relay_bytes_ -= bytes_of(*relay);
  feed.relays->passing.clear();
  if (feed.relays->waiting.empty()) feed.relays.reset();
}

// Only to those who have everything up to the position in which the events end: others would be moved over records.
void Shard::relay(ChannelFeed& feed, Subscription& subscription) {
  Outlet& outlet = subscription.outlet();
  outlet.flush();
  if (!subscription.at_head()) return;
  auto& [waiting, passing, position, frames, ends] = *feed.relays;
  if (frames.empty() || position != seen_) {
    frames.clear();
    ends.clear();
    position = seen_;
    for (const RelayPtr& relay : passing) {
      encoder_.encode_relay(*relay, seen_, frames);
      ends.push_back(frames.size());
    }
  }
  outlet.offer(frames, ends);
}

void Shard::deliver(ChannelFeed& feed, Subscription& subscription) {
  if (feed.relays && !feed.relays->passing.empty()) return relay(feed, subscription);
  Outlet& outlet = subscription.outlet();
  const bool worth_it = feed.subscriptions.size() >= options_.batch_from;
  if (sender_ == nullptr || !worth_it || sender_->capacity() == 0) return outlet.flush();
  const auto [socket, frames] = outlet.plain_send();
  if (socket < 0) return outlet.flush();
  sender_->add(socket, frames);
  batch_.push_back({&outlet, frames});
  if (batch_.size() == sender_->capacity()) send_batch();
}

void Shard::send_batch() {
  if (batch_.empty()) return;
  const auto results = sender_->send_all();
  for (std::size_t i = 0; i < batch_.size(); ++i) batch_[i].outlet->plain_sent(batch_[i].frames, results[i]);
  batch_.clear();
}

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

// --- publishers ------------------------------------------------------------------------------------------------------

std::uint64_t Shard::enter(Publisher& publisher) {
  publishers_.emplace(++next_publisher_, &publisher);
  return next_publisher_;
}

void Shard::forget(Publisher& publisher) {
  if (publisher.counted_) --publishing_;
  undecided_ -= publisher.drafts_;
  publishers_.erase(publisher.id_);
}

void Shard::begin_publishing(Publisher& publisher) {
  if (!std::exchange(publisher.counted_, true)) ++publishing_;
}

/// Not at once: those who flood have nothing in the queue when a commit has taken all, and go on one after the other.
void Shard::discount_finished() {
  for (const std::uint64_t id : std::exchange(finished_, {})) {
    const auto found = publishers_.find(id);
    if (found == publishers_.end() || found->second->drafts_ > 0) continue;
    if (std::exchange(found->second->counted_, false)) --publishing_;
  }
}

void Shard::resume_publishers() {
  while (!paused_.empty()) {
    Publisher* const publisher = paused_.front();
    paused_.pop_front();
    if (!publisher->on_room()) {
      paused_.push_front(publisher);
      return;
    }
  }
}

// --- subscriptions ---------------------------------------------------------------------------------------------------

std::unique_ptr<Subscription> Shard::make_subscription(std::string_view channel, Outlet& outlet,
                                                       Subscriber& subscriber) {
  auto found = feeds_.find(channel);
  if (found == feeds_.end()) {
    found = feeds_.emplace(channel, std::make_unique<ChannelFeed>(std::string(channel), seen_)).first;
  }
  auto subscription = std::make_unique<Subscription>(++next_subscription_, *found->second, outlet, subscriber);
  subscriptions_.emplace(subscription->id(), subscription.get());
  return subscription;
}

void Shard::follow(Subscription& subscription) {
  ChannelFeed& feed = subscription.feed();
  if (feed.subscriptions.empty()) ++followed_;
  feed.add(subscription);
}

void Shard::start(Subscription& subscription, Offset after) {
  follow(subscription);
  subscription.start(after);
  subscription.outlet().flush_soon();
}

void Shard::start_last(Subscription& subscription, std::size_t count, Offset up_to) {
  if (count == 0) return start(subscription, up_to);
  follow(subscription);
  begin_newest(subscription, count, up_to);
}

void Shard::begin_newest(Subscription& subscription, std::size_t count, Offset up_to) {
  if (begin_read(subscription, Offset(), count, up_to)) return;
  subscription.set_reading(true);
  starved_.push_back({.subscription = subscription.id(), .newest = count, .up_to = up_to});
}

void Shard::remove(Subscription& subscription) {
  ChannelFeed& feed = subscription.feed();
  feed.remove(subscription);
  if (feed.subscriptions.empty()) --followed_;
  feed.last_used = clock_.steady();
  subscriptions_.erase(subscription.id());
  if (subscription.reading()) {
    for (PageRead& read : feed.reads) {
      if (std::erase(read.waiting, subscription.id()) > 0 && read.waiting.empty()) *read.wanted = false;
    }
    std::erase_if(feed.reads, [](const PageRead& read) { return read.waiting.empty(); });
  }
  forget_if_unused(feed);
}

/// A feed that holds nothing for anybody: other names may take its place at once.
void Shard::forget_if_unused(ChannelFeed& feed) {
  const bool used = !feed.subscriptions.empty() || feed.tail.capacity() > 0 || feed.in_pass ||
                    std::ranges::any_of(held_, [&](const HeldPage& held) { return held.feed == &feed; });
  if (!used) feeds_.erase(feeds_.find(feed.channel));
}

// --- pages -----------------------------------------------------------------------------------------------------------

PagePtr Shard::held_page(const ChannelFeed& feed, Offset next) const {
  for (const HeldPage& held : held_) {
    if (held.feed == &feed && held.page->after < next && next <= held.page->covered) return held.page;
  }
  return nullptr;
}

void Shard::request_page(Subscription& subscription) {
  if (subscription.reading()) return;
  const Offset next = subscription.next();
  if (next > seen_) {  // it has seen more than this thread, whose mailbox is about to bring it
    starved_.push_back({.subscription = subscription.id()});
    subscription.set_reading(true);
    return;
  }
  ChannelFeed& feed = subscription.feed();
  if (const PagePtr page = held_page(feed, next)) return give_page(subscription, page);
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

bool Shard::begin_read(Subscription& subscription, Offset after, std::optional<std::size_t> newest, Offset up_to) {
  ChannelFeed& feed = subscription.feed();
  const std::uint64_t id = ++next_read_;
  auto wanted = std::make_shared<std::atomic<bool>>(true);
  // By name: the feed may be gone, and another one in its place, when the page comes.
  const bool queued = catch_up_.request({.channel = feed.channel,
                                         .after = after,
                                         .up_to = up_to,
                                         .last = newest,
                                         .wanted = wanted,
                                         .done = [this, channel = feed.channel, id](const Result<PagePtr>& page) {
                                           executor_.post([this, channel, id, page] {
                                             const auto found = feeds_.find(channel);
                                             if (found != feeds_.end()) page_arrived(*found->second, id, page);
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

void Shard::page_arrived(ChannelFeed& feed, std::uint64_t id, const Result<PagePtr>& page) {
  const auto found = std::ranges::find(feed.reads, id, &PageRead::id);
  if (found == feed.reads.end()) return;  // those who waited have left
  const PageRead read = std::move(*found);
  feed.reads.erase(found);
  if (page) {
    held_.push_back({&feed, *page});
    if (held_.size() > limits::kPagesHeld) held_.pop_front();
  }
  for (const std::uint64_t waiting : read.waiting) {
    const auto subscribed = subscriptions_.find(waiting);
    if (subscribed == subscriptions_.end()) continue;
    Subscription& subscription = *subscribed->second;
    subscription.set_reading(false);
    if (!page) {
      subscription.subscriber().on_read_failed(page.error());
      continue;
    }
    if (read.newest) subscription.start((*page)->after);
    give_page(subscription, *page);
  }
}

void Shard::give_page(Subscription& subscription, const PagePtr& page) {
  // One that takes nothing now would only hold the page: it asks again when it can take it.
  if (!subscription.outlet().ready()) return;
  if (subscription.wants_page() && page->after < subscription.next() && subscription.next() <= page->covered &&
      !subscription.feed_page(page)) {
    subscription.subscriber().on_read_failed({ErrorCode::not_found, "a record was trimmed while it was being sent"});
    return;
  }
  subscription.outlet().flush_soon();
}

void Shard::retry_starved() {
  for (const Starved& starved : std::exchange(starved_, {})) {
    const auto found = subscriptions_.find(starved.subscription);
    if (found == subscriptions_.end()) continue;
    Subscription& subscription = *found->second;
    if (starved.newest) {
      begin_newest(subscription, *starved.newest, starved.up_to);
      continue;
    }
    subscription.set_reading(false);
    subscription.try_go_live();
    subscription.outlet().flush_soon();
  }
}

void Shard::sweep() {
  retry_starved();
  const Millis now = clock_.steady();
  held_.clear();
  for (auto it = feeds_.begin(); it != feeds_.end();) {
    ChannelFeed& feed = *it->second;
    const bool idle = now - feed.last_used > options_.tail_window;
    if ((idle || feed.tail.capacity() == 0) && feed.subscriptions.empty() && !feed.in_pass) {
      tail_bytes_ -= feed.tail.capacity();
      it = feeds_.erase(it);
      continue;
    }
    if (idle && feed.tail.capacity() > 0 &&
        std::ranges::all_of(feed.subscriptions, [](const Subscription* s) { return !s->live() || s->at_head(); })) {
      tail_bytes_ -= feed.tail.capacity();
      feed.tail.clear(seen_);
    }
    ++it;
  }
}

}  // namespace tidemark
