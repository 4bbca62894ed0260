// Makes a new log of records that have their offsets already: copied from another log, or read from a file.
//
// Offsets increase and may leave holes out. Index segments are made on the way, what the channels lost and what repairs
// left out is carried over, and the next offset is above `head`, whatever records there are. Memory does not grow with
// the log.
//
// The store is told that it is in the making (StoreOptions::building), so that nothing is flushed on the way: the new log
// gets its name when it is whole and flushed, or never. One thread calls; while it gathers a batch, another one writes the
// batch before, so that reading the old log and writing the new one happen at the same time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "src/base/error.h"
#include "src/log/channel_index.h"
#include "src/log/holes.h"
#include "src/log/log_store.h"
#include "src/log/record_batch.h"

namespace tidemark {

/// What a log is, beside its records.
struct LogOutline {
  StoreState state;
  Holes holes;
  std::map<std::string, Offset> losses;  // LogStore::losses
};

class LogBuilder {
 public:
  /// Opens the new log in `directory`: first in the making, which creates it, then as it will be served, accepting that
  /// it is shorter than its head floor says.
  using Open = std::function<Result<std::unique_ptr<LogStore>>(bool building)>;

  /// `directory` is there, and empty.
  LogBuilder(std::filesystem::path directory, LogOutline outline, Open open);

  LogBuilder(const LogBuilder&) = delete;
  LogBuilder& operator=(const LogBuilder&) = delete;
  /// Waits for what is being written.
  ~LogBuilder() = default;

  [[nodiscard]] Result<void> begin();
  /// invalid_argument: the offset is not above the last one, outside of the log or in a hole; and the errors
  /// of the store.
  [[nodiscard]] Result<void> add(const RecordView& record);
  /// The log is whole when it returns, and closed; the caller flushes the files in `directory`. `corrupt`: records are
  /// missing that are in no hole.
  [[nodiscard]] Result<void> finish();

  [[nodiscard]] std::uint64_t records() const { return records_; }

 private:
  [[nodiscard]] Result<void> open(bool building);
  /// Hands the gathered batch over to be written; its errors are those of the batch before.
  [[nodiscard]] Result<void> pass_on();
  [[nodiscard]] Result<void> written();
  [[nodiscard]] Result<void> write(RecordBatch& batch);
  [[nodiscard]] Result<void> check_gap(Offset next) const;
  [[nodiscard]] Result<void> reach_head();

  const std::filesystem::path directory_;
  const LogOutline outline_;
  const Open open_;
  RecordBatch gathered_;
  Offset next_;
  std::uint64_t records_ = 0;

  // Of whoever writes: the other thread while writing_ is valid.
  std::unique_ptr<LogStore> store_;
  ChannelIndex index_;
  RecordBatch leaving_;

  std::future<Result<void>> writing_;  // last: it is waited for before anything else goes
};

}  // namespace tidemark
