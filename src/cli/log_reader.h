// A log that a command looks into, wherever it is: in a directory that nobody serves (directory_reader.h), or with a
// running server (server_reader.h). Nothing is ever changed through it. One thread.
//
// Errors: those of the store; of a server also not_found (no such address, or nobody listens), io (the connection broke)
// and invalid_argument (it refuses: the token), each a sentence that says what to do.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/base/offset_range.h"
#include "src/base/record.h"
#include "src/cli/damage_report.h"
#include "src/log/damage.h"
#include "src/log/holes.h"
#include "src/log/log_store.h"

namespace tidemark::cli {

/// Of a server that runs; its counts are since its start.
struct ServerFacts {
  std::string url, version;
  std::uint64_t connections = 0;
  std::optional<TimeMs> started;
  std::string why_not_writable;         // empty while it stores
  std::vector<std::string> unreadable;  // what of the log it could not give to clients, a sentence each
  std::uint64_t commits = 0, records = 0, bytes = 0, duplicates = 0;
  std::uint64_t resumed = 0, replayed = 0, fresh = 0;  // clients that came
};

struct LogFacts {
  std::string engine;
  StoreState state;
  std::uint64_t records = 0;
  std::uint64_t bytes_on_disk = 0;
  std::optional<TimeMs> first_time, last_time;
  std::optional<ServerFacts> server;  // none: nobody serves it
};

struct ChannelFacts {
  std::string name;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // of the variable parts, as RecordView::bytes
  Offset first, last;
  TimeMs last_time;
};

/// The channels of a log, in order of name, and what could not be counted.
struct ChannelList {
  std::vector<ChannelFacts> channels;
  DamageReport damage;
};

/// What is gone of the log: left out by repairs, and lost by its channels to trimming (log_store.h).
struct LogPast {
  Holes holes;
  std::map<std::string, Offset> losses;
};

/// What a follower is told. Each may end it by answering false.
struct FollowVisitors {
  /// Which log it is, before anything else of it.
  FunctionRef<bool(Epoch)> log;
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
  /// a `channel`, records of others are left out, as far as that is cheap: the visitor may see some all the same. What a
  /// live log trims meanwhile is told as a stretch that cannot be read, `not_found`, at once or a page later.
  [[nodiscard]] virtual Result<void> scan(OffsetRange range, std::string_view channel, RecordVisitor visit,
                                          DamageVisitor damaged) = 0;

  /// The first offset in `range` whose record is not older than `moment`; behind it if all are older.
  [[nodiscard]] virtual Result<Offset> first_not_older(OffsetRange range, TimeMs moment) = 0;

  [[nodiscard]] virtual Result<LogFacts> facts() = 0;
  /// May read the whole log, with progress on a terminal.
  [[nodiscard]] virtual Result<ChannelList> channels() = 0;
  /// corrupt: newest records that were acknowledged are missing. A server does not open such a log.
  [[nodiscard]] virtual Result<void> check_newest() = 0;
  /// What repairs and copies left out: known also where the rest of the past cannot be read.
  [[nodiscard]] virtual Result<Holes> holes() = 0;
  /// With what check_newest refuses.
  [[nodiscard]] virtual Result<LogPast> past() = 0;

  /// Whether new records can appear in it while it is being read.
  [[nodiscard]] virtual bool is_live() const = 0;
  /// Visits every record after `after` as soon as it is durable, until a visitor ends that. Only of a live log. Errors:
  /// corrupt (what comes next is damaged), io (the connection ended, whyever), those of asking.
  [[nodiscard]] virtual Result<void> follow(Offset after, std::string_view channel, const FollowVisitors& visit) = 0;
};

}  // namespace tidemark::cli
