#include "src/hub/outlet.h"

#include <algorithm>
#include <utility>

#include "src/base/limits.h"
#include "src/hub/shard.h"

namespace tidemark {

Outlet::~Outlet() {
  mid_ = nullptr;
  while (!subscriptions_.empty()) unsubscribe(*subscriptions_.back());
  if (flush_queued_) shard_.forget_flush(*this);
}

void Outlet::attach(Sink* sink) {
  sink_ = sink;
  blocked_ = false;
  if (!ready()) drop_pages();
}

void Outlet::drop_pages() {
  for (const auto& subscription : subscriptions_) subscription->drop_page();
}

bool Outlet::send_own() {
  while (own_sent_ < own_.size()) {
    const std::size_t sent = sink_->send(std::string_view(own_).substr(own_sent_));
    own_sent_ += sent;
    if (own_sent_ < own_.size()) {
      blocked_ = true;
      if (own_sent_ > own_.size() / 2) own_.erase(0, std::exchange(own_sent_, 0));
      return false;
    }
  }
  std::string().swap(own_);  // idle connections keep no buffer (= {} would keep it)
  own_sent_ = 0;
  return true;
}

Subscription* Outlet::next_source() {
  if (mid_ != nullptr) return mid_;
  for (std::size_t i = 0; i < subscriptions_.size(); ++i) {
    turn_ = turn_ + 1 >= subscriptions_.size() ? 0 : turn_ + 1;
    Subscription* const candidate = subscriptions_[turn_].get();
    if (!candidate->pending(1).empty()) return candidate;
  }
  return nullptr;
}

void Outlet::flush() {
  if (!ready()) return;
  for (;;) {
    if (mid_ == nullptr && own_sent_ < own_.size() && !send_own()) break;
    Subscription* const source = next_source();
    if (source == nullptr) {
      if (own_sent_ < own_.size()) continue;  // going live may have added a status event
      break;
    }
    const std::string_view frames = source->pending(limits::kSendBytes);
    if (frames.empty()) break;  // in the middle of a record whose rest must be read first
    advance(*source, frames, sink_->send(frames));
    if (blocked_) break;
  }
  serve_pages();
}

void Outlet::offer(std::string_view frames, std::span<const std::size_t> ends) {
  std::size_t sent = 0;
  if (ready() && mid_ == nullptr && own_bytes() == 0) {
    sent = sink_->send(frames);
    if (sent == frames.size()) return;
    blocked_ = true;
    drop_pages();
  }
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    // What has begun is sent to its end; the rest of it is all that is kept for a client that takes no more.
    const bool begun = begin < sent && sent < end;
    if (begun || (sent <= begin && own_bytes() + (end - begin) <= limits::kRelayUnsent)) {
      own_ += frames.substr(std::max(begin, sent), end - std::max(begin, sent));
    }
    begin = end;
  }
}

void Outlet::advance(Subscription& source, std::string_view frames, std::size_t sent) {
  source.consumed(sent);
  mid_ = source.at_boundary() ? nullptr : &source;
  blocked_ = sent < frames.size();
}

void Outlet::serve_pages() {
  if (blocked_ && mid_ != nullptr && !mid_->live()) keep_rest();
  if (blocked_) return drop_pages();
  for (const auto& subscription : subscriptions_) {
    if (subscription->wants_page()) shard_.request_page(*subscription);
  }
}

void Outlet::keep_rest() {
  const auto rest = mid_->rest_of_record();
  if (rest.empty() || rest.size() > limits::kRestBytes) return;
  own_.insert(0, rest);  // none of them is partly sent while a record is
  std::exchange(mid_, nullptr)->consumed(rest.size());
}

Outlet::PlainSend Outlet::plain_send() const {
  // With one subscription its frames can be in one pass only, so that nothing else is sent before this is done.
  if (!ready() || mid_ != nullptr || own_sent_ < own_.size() || subscriptions_.size() != 1) return {};
  const Subscription& source = *subscriptions_.front();
  if (!source.live()) return {};
  const auto frames = source.pending(limits::kSendBytes);
  if (frames.empty()) return {};
  return {sink_->socket(), frames};
}

void Outlet::plain_sent(std::string_view frames, int result) {
  Subscription& source = *subscriptions_.front();
  const std::size_t sent = sink_->sent(frames, result);
  advance(source, frames, sent);
  if (source.at_head() && own_sent_ == own_.size()) return;
  if (sent > 0) blocked_ = false;  // a short one: only the next answers that there is no more room
  flush();
}

void Outlet::writable() {
  blocked_ = false;
  flush();
}

void Outlet::flush_soon() {
  if (flush_queued_) return;
  flush_queued_ = true;
  shard_.queue_flush(*this);
}

void Outlet::close_with(std::string_view frame) {
  if (!ready()) return;
  if (mid_ != nullptr) {
    const auto rest = mid_->rest_of_record();
    broken_ = rest.empty() || sink_->send(rest) < rest.size();
    if (broken_) return;
  }
  own_ += frame;
  (void)send_own();
  broken_ = true;
}

Subscription& Outlet::subscribe(std::string_view channel, Offset after, Subscriber& subscriber) {
  auto& added = *subscriptions_.emplace_back(shard_.make_subscription(channel, *this, subscriber));
  shard_.start(added, after);
  return added;
}

Subscription& Outlet::subscribe_last(std::string_view channel, std::size_t count, Offset up_to,
                                     Subscriber& subscriber) {
  auto& added = *subscriptions_.emplace_back(shard_.make_subscription(channel, *this, subscriber));
  shard_.start_last(added, count, up_to);
  return added;
}

void Outlet::unsubscribe(Subscription& subscription) {
  if (mid_ == &subscription) {
    // While a record is partly sent no own bytes are: the rest of the record can go before them.
    auto rest = subscription.rest_of_record();
    broken_ = rest.empty();
    if (ready()) {
      rest.remove_prefix(sink_->send(rest));
      blocked_ = !rest.empty();
    }
    if (rest.size() > limits::kRestBytes) broken_ = true;
    if (!broken_) own_.insert(0, rest);
    mid_ = nullptr;
    if (!ready()) drop_pages();
  }
  shard_.remove(subscription);
  subscriptions_.erase(std::ranges::find(subscriptions_, &subscription, &std::unique_ptr<Subscription>::get));
}

}  // namespace tidemark
