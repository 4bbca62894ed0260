// The writer: the one connection that changes the file, and the one that moves the write-ahead log into it.
//
// One connection commits and checkpoints, on one thread. That is faster than a checkpointer beside it (which never gets
// the log to start over under load, measured), and it is out of reach of SQLite's bug between two connections of which
// one resets the log while the other one checkpoints (sqlite.org/wal.html, "WAL-reset bug"; fixed in 3.51.3).
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "backends/sqlite/connection.h"
#include "backends/sqlite/name_table.h"
#include "src/base/error.h"
#include "src/log/log_store.h"

namespace tidemark::sqlite {

class Writer {
 public:
  /// Commits move the write-ahead log into the file when it has `checkpoint_pages`.
  [[nodiscard]] static Result<Writer> open(Connection connection, int checkpoint_pages);

  /// What the file says: its state, and the offset before which everything was trimmed.
  struct Contents {
    StoreState state;
    Offset trimmed_before;
  };
  [[nodiscard]] Result<Contents> contents();

  [[nodiscard]] const NameTable& channels() const { return channels_; }

  /// Makes durable what contents() answered. It may have come from pages of the write-ahead log that nobody flushed (the
  /// process died before it could), or whose flush failed: those the kernel takes for clean, and flushing them again
  /// does nothing. So they are written anew, into the file.
  [[nodiscard]] Result<void> settle();
  /// The contents are what was expected: from now on, closing moves the write-ahead log into the file.
  void trust() { connection_.keep_log_on_close(false); }
  /// Another identity, and the next offset to be given: part of the history is lost.
  [[nodiscard]] Result<void> renew(Epoch epoch, Offset next);

  /// LogStore::append, one transaction.
  [[nodiscard]] Result<void> append(std::span<const RecordView> records, std::span<const IndexSegment> segments);

  /// First half of a trim: from when it returns, nothing below `before` counts any more, `losses` are noted, and no
  /// offset below `next` is given again. The first slice of the records goes in the same transaction: a trim of one slice
  /// is one flush.
  [[nodiscard]] Result<void> set_trimmed(Offset before, Offset next, std::span<const ChannelLoss> losses);
  /// Second half: removes the records below `before` in slices, and the segments that end below it.
  [[nodiscard]] Result<void> remove_trimmed(Offset before);
  /// The first record at or above `from`, or `none`.
  [[nodiscard]] Result<Offset> first_record(Offset from, Offset none);

 private:
  Writer(Connection connection, int checkpoint_pages)
      : connection_(std::move(connection)), checkpoint_pages_(checkpoint_pages) {}

  /// Runs `body` (which answers SQLite's code) in one transaction, and the checkpoint that may be due after it.
  template <class Body>
  [[nodiscard]] Result<void> in_transaction(std::string_view doing, Body body);
  [[nodiscard]] int insert(std::span<const RecordView> records);
  [[nodiscard]] int insert(const IndexSegment& segment);
  [[nodiscard]] int insert(const ChannelLoss& loss);
  [[nodiscard]] int remove_below(Statement& statement, std::int64_t bound);
  [[nodiscard]] int set_meta(std::string_view name, Offset value);
  void checkpoint();

  Connection connection_;
  int checkpoint_pages_;
  Statement begin_, commit_, insert_record_, insert_records_, insert_channel_segment_, insert_key_segment_,
      insert_loss_, set_meta_, first_record_, delete_records_, delete_channel_segments_, delete_key_segments_;
  NameTable channels_, events_;
  std::unique_ptr<int> log_pages_ = std::make_unique<int>(0);  // in the write-ahead log, as of the last commit
  std::optional<Error> broken_;  // a write or a flush failed: nothing is written through this connection any more
};

}  // namespace tidemark::sqlite
