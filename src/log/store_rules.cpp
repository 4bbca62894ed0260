#include "src/log/store_rules.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

#include "src/base/limits.h"

namespace tidemark {

Result<void> check_append(Offset head, std::span<const RecordView> records) {
  for (const RecordView& record : records) {
    if (record.offset <= head) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("offset {} cannot be appended after offset {}", record.offset.value(), head.value()));
    }
    head = record.offset;
  }
  return {};
}

Result<void> check_trim(Offset head, Offset before) {
  if (before <= head.next()) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("cannot trim before offset {}: the log ends at {}", before.value(), head.value()));
}

Result<void> check_records(const LogStore& store, std::string_view where) {
  const auto kept = store.state();
  for (auto from = kept.first; from <= kept.head;) {
    std::optional<Offset> last;
    std::optional<Offset> out_of_order;
    const PageLimits page{limits::kScanRecords, std::numeric_limits<std::size_t>::max()};
    const auto scanned = store.scan(from, kept.head, Direction::forward, page, [&](const RecordView& record) {
      if (record.offset < from || (last && record.offset <= *last)) out_of_order = record.offset;
      last = record.offset;
      return !out_of_order;
    });
    if (!scanned) return scanned;
    if (out_of_order) {
      return fail(ErrorCode::corrupt, fmt::format("the record at offset {} in {} is out of order; restore the log from "
                                                  "a copy",
                                                  out_of_order->value(), where));
    }
    if (!last) break;
    from = last->next();
  }
  return {};
}

}  // namespace tidemark
