// LogStore: the contract between the log and a storage engine. Dumb, durable and ordered.
//
// A store keeps records in key order of their offsets and, beside them, finished index segments (see index_segment.h).
// It knows what a record looks like, so that people can read it with the engine's own tools; it does not know what a
// channel, a client key or a frame is for. This prose is the specification; tests/contract runs it against every store.
//
// Threads: append, trim and close are called by one thread at a time. Everything else may be called by
// any thread at any time, also while append runs, and sees either all of a batch or nothing of it.
//
// Errors: corrupt (a checksum does not fit: nothing of that record was delivered; the sentence names the offset),
// out_of_space, io, closed. After `io` from append the handle must not be appended to again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/epoch.h"
#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/base/offset.h"
#include "src/base/record.h"
#include "src/log/index_segment.h"

namespace tidemark {

/// What is durable. Example: created, 10 appended, trimmed before 4: first 4, head 10. After trimming everything:
/// first 11, head 10; the next record is 11 all the same, also after a restart.
struct StoreState {
  Epoch epoch;
  Offset first;  // oldest record kept, or head.next() if there is none
  Offset head;   // newest record ever made durable; 0 in a new log
};

/// Bounds of one page: it ends before the record that would exceed one of them, but always delivers at least one record
/// if there is one.
struct PageLimits {
  std::size_t records;
  std::size_t bytes;  // of RecordView::bytes()
};

enum class Direction : std::uint8_t { forward, backward };

/// Called per record, whose bytes are valid only during the call. False ends the page. Must not call the store, nor wait
/// while others append to it: the store's view stays open during the call.
using RecordVisitor = FunctionRef<bool(const RecordView&)>;

struct StoreStats {
  std::uint64_t records = 0;  // from first to head; offsets of a log are contiguous, so nothing has to be counted
  std::uint64_t bytes_on_disk = 0;
  std::uint64_t bytes_in_use = 0;  // of them, what the kept records take; the rest is used again or given back later
};

/// What a channel lost to trimming. Example: records 3, 7 and 9 of /chat/pier, trimmed before 8: last is 7. A client
/// that has everything up to 7 has missed nothing, whatever was trimmed in other channels meanwhile.
/// The empty name is no channel: the record was damaged, and nobody can tell any more whose it was.
struct ChannelLoss {
  std::string_view channel;
  Offset last;  // the newest of its records that are gone
  friend bool operator==(const ChannelLoss&, const ChannelLoss&) = default;
};

class LogStore {
 public:
  LogStore() = default;
  LogStore(const LogStore&) = delete;
  LogStore& operator=(const LogStore&) = delete;
  virtual ~LogStore() = default;

  /// The engine's name as --backend takes it.
  [[nodiscard]] virtual std::string_view engine() const = 0;

  [[nodiscard]] virtual StoreState state() const = 0;

  /// Makes `records` and `segments` durable in one atomic step; may block for a disk flush. A segment that is there
  /// already is replaced.
  /// Precondition: offsets strictly increase and the first one is above head (else invalid_argument, nothing stored).
  /// Of nothing, append({}, {}) stores nothing and answers what an append would be answered now, as far as that can be
  /// told beforehand (free space, a failure that stays): cheap enough to ask once a second.
  /// Success: all of it survives kill -9 and power loss, and is visible to every reader.
  /// Failure: nothing of it is visible, now or after a restart, and head has not moved - except after `io`, where only
  /// closing and opening again tells which of the two it was. (If the process dies after `out_of_space` and before the
  /// next append, it may be there as well: nobody was told that it is, nor that it never will be.)
  [[nodiscard]] virtual Result<void> append(std::span<const RecordView> records,
                                            std::span<const IndexSegment> segments) = 0;

  /// Visits the records with from <= offset <= to in one consistent view: forward from `from`, or backward from `to`.
  /// Ends at the page's limits, at the end of the range or when the visitor says so. An empty range is no error.
  [[nodiscard]] virtual Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page,
                                          RecordVisitor visit) const = 0;

  /// Visits the records at `offsets` (in the given order, in one consistent view); those that are not there are left
  /// out.
  [[nodiscard]] virtual Result<void> read(std::span<const Offset> offsets, RecordVisitor visit) const = 0;

  /// Visits, in ascending order from segment `from_segment` on, the encoded offsets of `channel` in each finished
  /// segment where it has any. False ends the visit.
  [[nodiscard]] virtual Result<void> channel_segments(
      std::string_view channel, std::uint64_t from_segment,
      FunctionRef<bool(std::uint64_t segment, std::string_view offsets)> visit) const = 0;

  /// Visits, in ascending order from segment `from_segment` on, the encoded key hashes of each finished segment.
  [[nodiscard]] virtual Result<void> key_segments(
      std::uint64_t from_segment,
      FunctionRef<bool(std::uint64_t segment, std::string_view key_hashes)> visit) const = 0;

  /// Visits the names of the channels it knows of, some perhaps more than once, before the first append: all that stand in
  /// finished segments, or as many as can be found in a bounded time; those of trimmed records may be among them. A store
  /// that is empty when it opens, or only read, knows none.
  [[nodiscard]] virtual Result<void> channel_names(FunctionRef<void(std::string_view)> /*visit*/) const { return {}; }

  /// Removes all records below `before` (at most head.next()) and the segments that end below it, and notes `losses` in
  /// the step that makes the trim visible. Per channel the newest counts: an older one than was noted changes nothing. Readers see it at once;
  /// space may come back later. Durable when it returns. It takes as long as there are records to remove: who wants to
  /// append meanwhile trims in steps. Failure: first may have moved part of the way.
  [[nodiscard]] virtual Result<void> trim(Offset before, std::span<const ChannelLoss> losses) = 0;

  /// Visits what each channel has lost, in no particular order. False ends the visit.
  [[nodiscard]] virtual Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const = 0;

  /// Checks the engine's own structure, as far as it may be wrong without a record or a segment being wrong. The rest is
  /// the same for every engine: verify_log, in verify.h.
  [[nodiscard]] virtual Result<void> verify() const = 0;

  [[nodiscard]] virtual StoreStats stats() const = 0;

  /// Releases files and locks. Later calls answer `closed`. Idempotent; the destructor calls it.
  virtual void close() = 0;
};

}  // namespace tidemark
