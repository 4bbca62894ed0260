// The sequencer: turns drafts into durable records, one batch at a time, on one thread.
//
// Per batch: drop what was stored before (same channel and client key), give the rest offsets and a time, make it
// durable in one append, publish the new head, and only then report. Everything a batch changes in memory is staged and
// dropped again if the append fails, so that the next batch gets the same offsets.
//
// When an append fails, every draft of the batch is answered `failed`. After out_of_space or locked (another program holds
// the file) the next batch simply tries again; invalid_argument is one record's fault, so each is tried alone, and that
// one `refused`; after anything else the store is not trusted any more and every later draft fails at once.
//
// A draft for a new channel, where there are as many as there may be, is `refused`, it alone: the batch is made without it.
//
// A draft whose key may be that of a damaged record is answered `failed`, it alone: whether it was stored before cannot
// be told, and storing it again would be as wrong as calling it stored. The journal names the offset.
//
// Threads: run(), or whoever calls round() instead, is the sequencer's thread. Everything else may be called by any thread; what writes to the store takes
// its turn with the commits, so that the store is written by one thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/base/clock.h"
#include "src/base/function_ref.h"
#include "src/log/channel_index.h"
#include "src/log/channel_names.h"
#include "src/log/dedupe_window.h"
#include "src/log/draft_queue.h"
#include "src/log/log.h"
#include "src/log/log_store.h"

namespace tidemark {

class Sequencer {
 public:
  /// `last_time` is that of the newest record: time never goes back, also across a restart.
  Sequencer(LogStore& store, ChannelIndex& index, DedupeWindow window, ChannelNames names, TimeMs last_time,
            const Clock& clock);

  /// Until the queue is closed and empty.
  void run(DraftQueue& queue, CommitListener& listener);
  /// One round of it in the calling thread: waits for drafts and commits all that are there. False: the queue is closed
  /// and empty.
  [[nodiscard]] bool round(DraftQueue& queue, CommitListener& listener);

  /// Asks the store whether it would take records: notices a full disk before a record finds it, and room again although
  /// nobody publishes. Waits for the commit under way.
  void check_writable();

  /// Runs `write`, which changes the store, between two commits. Not at all, and `closed`, if the store is not trusted
  /// any more; it is not from now on, if that fails with `io`.
  [[nodiscard]] Result<void> write_in_turn(FunctionRef<Result<void>()> write);

  [[nodiscard]] Offset head() const { return Offset(head_.load(std::memory_order_acquire)); }
  [[nodiscard]] std::string why_not_writable() const;

 private:
  /// The first drafts of `drafts` that make one batch (kBatchRecords, kBatchBytes).
  [[nodiscard]] static std::span<Draft> first_batch(std::span<Draft> drafts);
  void commit(std::span<Draft> batch, CommitListener& listener);
  void stage(std::span<Draft> batch);
  [[nodiscard]] Result<std::optional<Offset>> find_stored(const Draft& draft, std::uint64_t hash) const;
  void roll_back();
  void fail_staged(Outcome::Status status);
  void note_refused(std::string_view channel);

  void append_failed(const Error& error);
  void append_worked();
  void note_unverified(const Error& error);

  LogStore& store_;
  ChannelIndex& index_;
  DedupeWindow window_;
  ChannelNames names_;
  const Clock& clock_;
  TimeMs last_time_;
  std::atomic<std::uint64_t> head_;

  // The round and the batch at work; kept for their memory.
  std::vector<Draft> drafts_;
  std::vector<std::uint64_t> hashes_;  // of their client keys
  std::vector<RecordView> records_;
  std::vector<Outcome> outcomes_;

  enum class Health : std::uint8_t { writable, full, broken };
  std::mutex turn_;  // to write to the store; guards health_. Taken before reason_mutex_
  Health health_ = Health::writable;
  bool refusal_noted_ = false;       // once is enough: whoever goes on is counted at /metrics
  mutable std::mutex reason_mutex_;  // guards reason_
  std::string reason_;
};

}  // namespace tidemark
