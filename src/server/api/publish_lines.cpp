#include "src/server/api/publish_lines.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "src/server/api/api_shard.h"
#include "src/server/api/publish_outcome.h"
#include "src/server/api/respond.h"
#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/service.h"

namespace tidemark {

PublishLines::PublishLines(HttpStream& http, std::vector<Draft> drafts)
    : http_(http), drafts_(std::move(drafts)), publisher_(http.thread().shard(), http.thread().service().log, *this) {
  numbers_.reserve(drafts_.size());
}

PublishLines::~PublishLines() {
  for (std::size_t i = decided_; i < numbers_.size(); ++i) http_.thread().api().forget(numbers_[i]);
}

void PublishLines::publish() {
  while (!refusal_ && numbers_.size() < drafts_.size() && !publisher_.waiting()) {
    if (!http_.may_publish()) {
      refusal_ = rate_exceeded(http_.thread().service());
      break;
    }
    Draft& draft = drafts_[numbers_.size()];
    numbers_.push_back(http_.thread().api().expect(weak_from_this()));
    draft.origin.subscription = kApiOrigin | numbers_.back();
    publisher_.publish(std::move(draft));
    if (!publisher_.refused()) continue;
    http_.thread().api().forget(numbers_.back());
    numbers_.pop_back();
    refusal_ = closing();
  }
  if (decided_ == numbers_.size() && (refusal_ || decided_ == drafts_.size())) respond();
}

void PublishLines::on_may_publish() {
  // The shard is in the middle of its turn.
  http_.thread().post([mine = weak_from_this()] {
    const auto held = mine.lock();
    if (!held) return;
    if (held->publisher_.refused() && !held->refusal_) return held->on_drain();  // the one that found no room
    held->publish();
  });
}

void PublishLines::on_outcome(const Outcome& outcome) {
  ++decided_;
  if (const auto refusal = refusal_of(outcome, http_.thread().service())) {
    if (!refusal_) refusal_ = *refusal;
    refusal_told_ = true;
    lines_ += to_json(*refusal) + '\n';
  } else {
    ++stored_;
    append_stored(lines_, outcome);
  }
  publish();
}

void PublishLines::respond() {
  if (stored_ == 0) return respond_error(http_, *refusal_);
  if (refusal_ && !refusal_told_) lines_ += to_json(*refusal_) + '\n';
  http_.respond(200, api_fields(http_, "application/x-ndjson") + epoch_field(http_.thread().service().log), lines_);
}

void PublishLines::on_drain() {
  // What is under way may be stored or not: each has its line.
  for (std::size_t i = decided_; i < numbers_.size(); ++i) {
    lines_ += to_json(closing()) + '\n';
    refusal_told_ = true;
  }
  if (!refusal_) refusal_ = closing();
  respond();
}

}  // namespace tidemark
