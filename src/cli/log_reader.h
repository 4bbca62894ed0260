// A log that a command looks into, wherever it is: in a directory that nobody serves (directory_reader.h), or with a
// running server (server_reader.h). Nothing is ever changed through it. One thread.
//
// Errors: those of the store; of a server also not_found (no such address, or nobody listens), io (the connection broke)
// and invalid_argument (it refuses: the token), each a sentence that says what to do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/base/offset_range.h"
#include "src/base/record.h"
#include "src/log/damage.h"
#include "src/log/log_store.h"

namespace tidemark::cli {

/// What a follower is told. Each may end it by answering false.
struct FollowVisitors {
  RecordVisitor record;
  /// So many offsets, in whatever channel they were, are not to be had any more: trimmed, or damaged.
  FunctionRef<bool(OffsetRange missing, std::string_view reason)> gap;
  /// A few times a second, also while nothing comes.
  FunctionRef<bool()> idle;
};

class LogReader {
 public:
  LogReader() = default;
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;
  virtual ~LogReader() = default;

  /// A directory or an address, for what is said.
  [[nodiscard]] virtual std::string where() const = 0;

  /// What there is now.
  [[nodiscard]] virtual Result<StoreState> state() = 0;

  /// Visits the records of `range`, in order, in as many pages as it takes, and the stretches that cannot be read. With
  /// a `channel`, records of others are left out, as far as that is cheap: the visitor may see some all the same.
  [[nodiscard]] virtual Result<void> scan(OffsetRange range, std::string_view channel, RecordVisitor visit,
                                          DamageVisitor damaged) = 0;

  /// The first offset in `range` whose record is not older than `moment`; behind it if all are older.
  [[nodiscard]] virtual Result<Offset> first_not_older(OffsetRange range, TimeMs moment) = 0;

  /// Whether new records can appear in it while it is being read.
  [[nodiscard]] virtual bool is_live() const = 0;
  /// Visits every record after `after` as soon as it is durable, until a visitor ends that. Error: the connection ended,
  /// whyever. Only of a live log.
  [[nodiscard]] virtual Result<void> follow(Offset after, std::string_view channel, const FollowVisitors& visit) = 0;
};

}  // namespace tidemark::cli
