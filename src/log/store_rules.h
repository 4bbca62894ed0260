// Rules that every engine keeps in the same way: the limits of a page, and what append and trim may be asked.
#pragma once

#include <span>

#include "src/base/error.h"
#include "src/log/log_store.h"

namespace tidemark {

/// Counts the records of one page. Example: limits of 10 records and 100 bytes, records of 60 bytes each: the first is
/// admitted, the second is not.
class PageCount {
 public:
  explicit PageCount(PageLimits limits) : limits_(limits) {}

  /// False: the page ends before this record. The first record is always admitted.
  [[nodiscard]] bool admits(const RecordView& record) {
    const auto bytes = record.bytes();
    if (records_ > 0 && (records_ >= limits_.records || bytes > limits_.bytes - bytes_)) return false;
    ++records_;
    bytes_ += bytes < limits_.bytes - bytes_ ? bytes : limits_.bytes - bytes_;
    return true;
  }
  /// Another record may fit.
  [[nodiscard]] bool open() const { return records_ == 0 || (records_ < limits_.records && bytes_ < limits_.bytes); }

 private:
  const PageLimits limits_;
  std::size_t records_ = 0;
  std::size_t bytes_ = 0;  // at most limits_.bytes
};

/// StoreStats::records.
[[nodiscard]] constexpr std::uint64_t kept_offsets(const StoreState& state) {
  return state.head.next().value() - state.first.value();
}

/// invalid_argument unless the offsets increase strictly and begin above `head`.
[[nodiscard]] Result<void> check_append(Offset head, std::span<const RecordView> records);
/// invalid_argument if `before` is beyond head.next().
[[nodiscard]] Result<void> check_trim(Offset head, Offset before);

}  // namespace tidemark
