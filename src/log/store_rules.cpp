#include "src/log/store_rules.h"

#include <fmt/format.h>

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

}  // namespace tidemark
