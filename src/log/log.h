// Log: the append-only sequence with its sequencer, dedupe window and channel index, over one LogStore.
//
// publish() puts a draft into a queue bounded in bytes. The sequencer thread takes everything that queued while the
// last commit ran, drops what it has seen before (same channel and client key), gives the rest offsets, makes it
// durable in one LogStore::append, and only then tells the CommitListener: acknowledgement and broadcast come after
// durability.
//
// Threads: open, start and close belong to one owner. publish, head and the reads may be called by any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/limits.h"
#include "src/base/record.h"
#include "src/log/holes.h"
#include "src/log/log_store.h"
#include "src/log/retention.h"

namespace tidemark {

/// Who published a draft and how to answer. The log hands it back untouched.
struct Origin {
  std::uint32_t shard = 0;         // the I/O thread
  std::uint32_t bytes = 0;         // of the draft
  std::uint64_t publisher = 0;     // the connection, unique at its shard; 0: nobody counts them
  std::uint64_t subscription = 0;  // unique for the life of the process
  std::int64_t ack_id = kNoAck;    // Socket.IO ack id, or kNoAck
  static constexpr std::int64_t kNoAck = -1;
};

/// A message on its way into the log. Lengths were checked by the caller (limits.h: channel, event, sender, key).
struct Draft {
  std::string channel, event, sender, client_key, payload, attachments;
  Origin origin;

  [[nodiscard]] std::size_t bytes() const {
    return sizeof(Draft) + channel.size() + event.size() + sender.size() + client_key.size() + payload.size() +
           attachments.size();
  }
};

struct Outcome {
  enum class Status : std::uint8_t {
    stored,     // durable at `offset`
    duplicate,  // channel and key were stored before, durable at `offset`
    failed,     // not stored: no acknowledgement must be given, the publisher may try again
    refused,    // not stored, nor will it be: the log has as many channels as it may have, and this is another one
  };
  Origin origin;
  Status status;
  Offset offset;
};

/// Called on the sequencer thread only; must not block and must not call publish().
class CommitListener {
 public:
  virtual ~CommitListener() = default;
  /// `records` are durable and in offset order, each batch after the one before it; the views are valid during the
  /// call. `outcomes` has one entry per draft of the batch, in the order they were published.
  virtual void on_commit(std::span<const RecordView> records, std::span<const Outcome> outcomes) = 0;
  /// The queue had been full and has room again (it is at most half full now).
  virtual void on_room() = 0;
};

struct LogOptions {
  std::size_t queue_bytes = limits::kSequencerQueueBytes;
  std::size_t dedupe_window_records = limits::kDedupeWindowRecords;
  std::size_t channel_names = limits::kChannelNames;
  Holes holes;  // offsets that repairs left out: any other one that is missing is damage
  Millis upkeep_interval = limits::kUpkeepInterval;
  RetentionPolicy retention;
  std::filesystem::path clock_note;  // believed_time.h; empty: what time it is believed to be is not kept
};

/// How far a channel read got. Example: after 10 up to 90, page of 2 records found at 12 and 40: covered is 40.
struct ChannelPage {
  Offset covered;    // every record of the channel with after < offset <= covered was visited
  bool end = false;  // covered the whole range asked for
};

class Log {
 public:
  /// Takes the store, rebuilds the unfinished index segment and the dedupe window from it. Errors: those of the store.
  [[nodiscard]] static Result<std::unique_ptr<Log>> open(std::unique_ptr<LogStore> store, const LogOptions& options,
                                                         const Clock& clock);
  virtual ~Log() = default;

  /// Starts the sequencer thread. `listener` must outlive close().
  virtual void start(CommitListener& listener) = 0;

  enum class Admission : std::uint8_t {
    queued,  // the draft was taken; exactly one Outcome will follow
    full,    // the draft was left untouched; try again after on_room()
    closed,  // the draft was left untouched; the log is closing
  };
  [[nodiscard]] virtual Admission publish(Draft&& draft) = 0;

  [[nodiscard]] virtual Epoch epoch() const = 0;
  /// Newest durable record. Never goes back.
  [[nodiscard]] virtual Offset head() const = 0;
  /// Oldest record kept (head().next() if none).
  [[nodiscard]] virtual Offset first() const = 0;
  [[nodiscard]] virtual StoreStats stats() const = 0;
  [[nodiscard]] virtual std::string_view engine() const = 0;
  /// Empty while appends work; else a sentence that says why nothing is acknowledged at the moment.
  [[nodiscard]] virtual std::string why_not_writable() const = 0;

  /// Visits the records of `channel` with after < offset <= up_to, forward, one page of one consistent view.
  /// `up_to` must not be above head().
  [[nodiscard]] virtual Result<ChannelPage> read_channel(std::string_view channel, Offset after, Offset up_to,
                                                         PageLimits page, RecordVisitor visit) const = 0;

  /// The offset such that exactly the newest `count` records of `channel` at or below `up_to` come after it
  /// (0 if there are no more than that). Serves "history of N" and paging backwards.
  [[nodiscard]] virtual Result<Offset> offset_before_last(std::string_view channel, Offset up_to,
                                                          std::size_t count) const = 0;

  /// Visits the records of all channels with from <= offset <= to, one page of one consistent view, as LogStore::scan.
  [[nodiscard]] virtual Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page,
                                          RecordVisitor visit) const = 0;

  /// The first record kept at or below head() that is not older than `moment`, head().next() if all are older
  /// (age_search.h).
  [[nodiscard]] virtual Result<Offset> first_not_older_than(TimeMs moment) const = 0;

  /// Offsets that repairs left out, in whatever channel they were. The same for as long as the log is open.
  [[nodiscard]] virtual const Holes& holes() const = 0;
  /// The newest record of `channel` that was trimmed, as far as that is durable; 0: it has lost nothing (losses.h).
  [[nodiscard]] virtual Offset lost(std::string_view channel) const = 0;
  /// The same, a trim that has begun counted in, for which it may wait a few milliseconds. If it says the same before
  /// and after a read, the read has found exactly the channel's records after that offset.
  [[nodiscard]] virtual Offset lost_settled(std::string_view channel) const = 0;
  /// first(), a trim that has begun counted in, for which it may wait a few milliseconds: what a reader has not found by now
  /// and is not older is missing. A trim hides records a moment before first() says so.
  [[nodiscard]] Offset first_settled() const {
    (void)lost_settled({});
    return first();
  }

  /// Visits what each channel has lost to trimming, as LogStore::losses: for who copies the log.
  [[nodiscard]] virtual Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const = 0;

  /// Stops admission, commits what was queued, reports it, ends the thread and closes the store. Idempotent.
  virtual void close() = 0;
};

}  // namespace tidemark
