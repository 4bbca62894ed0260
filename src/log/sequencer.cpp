#include "src/log/sequencer.h"

#include <algorithm>
#include <utility>

#include "src/base/journal.h"

namespace tidemark {

Sequencer::Sequencer(LogStore& store, ChannelIndex& index, DedupeWindow window, ChannelNames names, TimeMs last_time,
                     const Clock& clock)
    : store_(store),
      index_(index),
      window_(std::move(window)),
      names_(std::move(names)),
      clock_(clock),
      last_time_(last_time),
      head_(store.state().head.value()) {}

void Sequencer::run(DraftQueue& queue, CommitListener& listener) {
  while (round(queue, listener)) {
  }
}

bool Sequencer::round(DraftQueue& queue, CommitListener& listener) {
  if (!queue.take(drafts_)) return false;
  for (std::span<Draft> rest(drafts_); !rest.empty();) {
    const auto batch = first_batch(rest);
    std::size_t bytes = 0;
    for (const Draft& draft : batch) bytes += draft.bytes();
    commit(batch, listener);
    if (queue.release(bytes)) listener.on_room();
    rest = rest.subspan(batch.size());
  }
  drafts_.clear();
  if (drafts_.capacity() > limits::kBatchRecords) drafts_.shrink_to_fit();
  return true;
}

std::span<Draft> Sequencer::first_batch(std::span<Draft> drafts) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (count < std::min(drafts.size(), limits::kBatchRecords)) {
    bytes += drafts[count].bytes();
    if (count > 0 && bytes > limits::kBatchBytes) break;
    ++count;
  }
  return drafts.first(count);
}

void Sequencer::commit(std::span<Draft> batch, CommitListener& listener) {
  records_.clear();
  outcomes_.clear();
  std::unique_lock turn(turn_);
  if (health_ == Health::broken) {
    turn.unlock();
    for (const Draft& draft : batch) outcomes_.push_back({draft.origin, Outcome::Status::failed, Offset()});
    listener.on_commit({}, outcomes_);
    return;
  }
  stage(batch);
  if (!records_.empty()) {
    const auto appended = store_.append(records_, index_.finished());
    if (appended) {
      last_time_ = records_.back().time;
      index_.commit();
      window_.commit(records_.back().offset);
      names_.commit();
      // Last: whoever sees the new head finds its records in the store and in the index.
      head_.store(records_.back().offset.value(), std::memory_order_release);
      append_worked();
    } else if (appended.error().code == ErrorCode::invalid_argument && batch.size() > 1) {
      // One of them cannot be stored, and which is not said. A commit for each would slow everybody down if a client could
      // bring it about; none can. RocksDB refuses no record. SQLite has room for more channel names than names_ lets in
      // (limits.h), events are those that the server was told to store, and max-payload ends far below the 10^9 bytes of
      // its largest row. What is left are directories that were filled with names by hand.
      roll_back();
      turn.unlock();
      for (std::size_t i = 0; i < batch.size(); ++i) commit(batch.subspan(i, 1), listener);
      return;
    } else {
      const bool its_fault = appended.error().code == ErrorCode::invalid_argument;
      fail_staged(its_fault ? Outcome::Status::refused : Outcome::Status::failed);
      append_failed(appended.error());
    }
  }
  turn.unlock();
  listener.on_commit(records_, outcomes_);
}

void Sequencer::check_writable() {
  const std::scoped_lock turn(turn_);
  if (health_ == Health::broken) return;
  if (const auto asked = store_.append({}, {}); asked) {
    append_worked();
  } else {
    append_failed(asked.error());
  }
}

Result<void> Sequencer::write_in_turn(FunctionRef<Result<void>()> write) {
  const std::scoped_lock turn(turn_);
  if (health_ == Health::broken) return fail(ErrorCode::closed, why_not_writable());
  auto written = write();
  if (!written && written.error().code == ErrorCode::io) append_failed(written.error());
  return written;
}

void Sequencer::stage(std::span<Draft> batch) {
  const auto now = std::max(last_time_, clock_.wall());
  auto next = head().next();
  window_.forget_before(store_.state().first);
  // The window is larger than the processor's caches: all of the batch is asked for before any of it is looked at.
  hashes_.clear();
  for (const Draft& draft : batch) {
    hashes_.push_back(DedupeWindow::hash(draft.channel, draft.client_key));
    window_.prefetch(hashes_.back());
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Draft& draft = batch[i];
    if (!draft.client_key.empty()) {
      const auto hash = hashes_[i];
      const auto stored = find_stored(draft, hash);
      if (!stored) {
        note_unverified(stored.error());
        outcomes_.push_back({draft.origin, Outcome::Status::failed, Offset()});
        continue;
      }
      if (*stored) {
        outcomes_.push_back({draft.origin, Outcome::Status::duplicate, **stored});
        continue;
      }
    }
    if (!names_.stage(draft.channel)) {
      note_refused(draft.channel);
      outcomes_.push_back({draft.origin, Outcome::Status::refused, Offset()});
      continue;
    }
    if (!draft.client_key.empty()) {
      window_.stage(hashes_[i], next);
      index_.stage_key(hashes_[i], next);
    }
    index_.stage(draft.channel, next);
    records_.push_back({.offset = next,
                        .time = now,
                        .channel = draft.channel,
                        .event = draft.event,
                        .sender = draft.sender,
                        .client_key = draft.client_key,
                        .payload = draft.payload,
                        .attachments = draft.attachments});
    outcomes_.push_back({draft.origin, Outcome::Status::stored, next});
    next = next.next();
  }
}

/// The window only hints: the record itself must carry the same channel and key. A hash that another key has too, or
/// whose record was trimmed, is none.
Result<std::optional<Offset>> Sequencer::find_stored(const Draft& draft, std::uint64_t hash) const {
  const auto candidates = window_.find(hash);
  for (const Offset offset : candidates.offsets()) {
    std::optional<Offset> found;
    const auto compare = [&](const RecordView& record) {
      if (record.channel == draft.channel && record.client_key == draft.client_key) found = record.offset;
      return true;
    };
    if (offset > head()) {
      compare(records_[offset.value() - head().next().value()]);  // staged in this batch
    } else if (const auto read = store_.read({&offset, 1}, compare); !read) {
      return std::unexpected(read.error());
    }
    if (found) return found;
  }
  return std::nullopt;
}

void Sequencer::roll_back() {
  records_.clear();
  index_.rollback();
  window_.rollback();
  names_.rollback();
}

void Sequencer::fail_staged(Outcome::Status status) {
  roll_back();
  for (Outcome& outcome : outcomes_) {
    if (outcome.offset <= head()) continue;  // a duplicate of a durable record is as durable as before
    outcome.status = status;
    outcome.offset = Offset();
  }
}

void Sequencer::append_failed(const Error& error) {
  if (error.code == ErrorCode::invalid_argument) {
    journal::warning("record-refused", {{"engine", store_.engine()}, {"cause", error.context}});
    return;
  }
  const bool may_pass = error.code == ErrorCode::out_of_space || error.code == ErrorCode::locked;
  const auto health = may_pass ? Health::full : Health::broken;
  {
    const std::scoped_lock lock(reason_mutex_);
    reason_ = may_pass ? error.context : error.context + "; then restart the server";
  }
  if (health == health_) return;  // said once, not once a batch
  health_ = health;
  journal::error("log-not-writable", {{"engine", store_.engine()},
                                      {"head", head().value()},
                                      {"code", name(error.code)},
                                      {"cause", error.context},
                                      {"retrying", health == Health::full ? "yes" : "no"}});
}

void Sequencer::append_worked() {
  if (health_ == Health::writable) return;
  health_ = Health::writable;
  {
    const std::scoped_lock lock(reason_mutex_);
    reason_.clear();
  }
  journal::info("log-writable", {{"engine", store_.engine()}, {"head", head().value()}});
}

void Sequencer::note_refused(std::string_view channel) {
  if (std::exchange(refusal_noted_, true)) return;
  journal::warning("channels-full", {{"engine", store_.engine()}, {"channels", names_.most()}, {"refused", channel}});
}

void Sequencer::note_unverified(const Error& error) {
  journal::error("client-key-unverified",
                 {{"engine", store_.engine()}, {"code", name(error.code)}, {"cause", error.context}});
}

std::string Sequencer::why_not_writable() const {
  const std::scoped_lock lock(reason_mutex_);
  return reason_;
}

}  // namespace tidemark
