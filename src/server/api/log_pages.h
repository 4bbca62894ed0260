// What GET /api/v1/log asks for, read page by page as JSON lines: of one channel or all, forward or backward.
//
// Each page is one consistent view of the store and is closed before its lines are sent: however slow a client reads,
// nothing in the store waits for it. Offsets that a repair left out are passed over; a record that is damaged, or
// missing without being left out, is an error that names it, after everything before it was given.
//
// One reader at a time; reads the store in the calling thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "src/base/error.h"
#include "src/base/limits.h"
#include "src/base/offset.h"
#include "src/base/record.h"
#include "src/log/log.h"

namespace tidemark {

/// Which records, and in which order. Example: after 10 before 20 with limit 3: 11, 12, 13; backward 19, 18, 17.
struct LogQuery {
  std::optional<std::string> channel;  // else all
  Offset after;
  std::optional<Offset> before;
  std::optional<TimeMs> since;  // not older
  std::optional<TimeMs> until;  // older
  std::size_t limit = limits::kApiRecordsDefault;
  Direction order = Direction::forward;
};

class LogPages {
 public:
  LogPages(const Log& log, LogQuery query, PageLimits page = {limits::kScanRecords, limits::kScanBytes})
      : log_(log), query_(std::move(query)), page_(page), left_(query_.limit) {}

  /// Appends the records of the next page, a line each. False: there is nothing after it. Errors: those of the store;
  /// nothing was appended then.
  [[nodiscard]] Result<bool> next(std::string& lines);

  /// The newest record when the first page was asked for: what is newer is in no page, and whoever goes on after it misses
  /// nothing.
  [[nodiscard]] Offset head() const { return head_; }

 private:
  Result<void> begin();
  Result<bool> next_of_all(std::string& lines);
  Result<bool> next_of_channel(std::string& lines);
  Result<bool> next_back_of_channel(std::string& lines);
  /// Of the offsets between two that a scan of all channels visited: the first that should be there and is not.
  [[nodiscard]] std::optional<Offset> missing(Offset first, Offset last) const;
  [[nodiscard]] bool more() const { return left_ > 0 && low_ < high_; }

  const Log& log_;
  const LogQuery query_;
  const PageLimits page_;
  std::size_t left_;
  bool begun_ = false;
  Offset head_;
  Offset low_;                                     // exclusive
  Offset high_;                                    // inclusive
  std::size_t step_ = limits::kApiRecordsDefault;  // of a channel backward: records looked for at once
};

}  // namespace tidemark
