// Makes a new log of records that have their offsets already: copied from another log, or read from a file.
//
// Offsets increase and may leave holes out. Index segments are made on the way, what the channels lost and what repairs
// left out is carried over, and the next offset is above `head`, whatever records there are. Memory does not grow with
// the log. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/base/error.h"
#include "src/base/record.h"
#include "src/log/channel_index.h"
#include "src/log/holes.h"
#include "src/log/log_store.h"

namespace tidemark {

/// What a log is, beside its records.
struct LogOutline {
  StoreState state;
  Holes holes;
  std::map<std::string, Offset> losses;  // LogStore::losses
};

class LogBuilder {
 public:
  /// Opens the new log in `directory`, creating it the first time, and accepting that it is shorter than its head floor
  /// says the second time.
  using Open = std::function<Result<std::unique_ptr<LogStore>>()>;

  /// `directory` is there, and empty.
  LogBuilder(std::filesystem::path directory, LogOutline outline, Open open);

  [[nodiscard]] Result<void> begin();
  /// invalid_argument: the offset is not above the last one, outside of the log or in a hole; and the errors
  /// of the store.
  [[nodiscard]] Result<void> add(const RecordView& record);
  /// Durable when it returns, and closed; but for the entries of `directory`, which the caller flushes. `corrupt`:
  /// records are missing that are in no hole.
  [[nodiscard]] Result<void> finish();

  [[nodiscard]] std::uint64_t records() const { return records_; }

 private:
  [[nodiscard]] Result<void> write();
  [[nodiscard]] Result<void> check_gap(Offset next) const;
  [[nodiscard]] Result<void> reach_head();

  const std::filesystem::path directory_;
  const LogOutline outline_;
  const Open open_;
  std::unique_ptr<LogStore> store_;
  ChannelIndex index_;
  std::vector<Record> batch_;
  std::size_t filled_ = 0;  // of batch_, whose records keep their memory from one batch to the next
  std::size_t bytes_ = 0;
  std::vector<RecordView> views_;
  Offset next_;
  std::uint64_t records_ = 0;
};

}  // namespace tidemark
