#include "src/server/api/log_record.h"

#include <fmt/format.h>

#include "protocol/record_json.h"
#include "src/base/limits.h"
#include "src/log/damage.h"
#include "src/server/api/respond.h"

namespace tidemark {

std::expected<std::string, ApiError> record_json_at(const Log& log, Offset offset) {
  std::string json;
  const auto read =
      log.scan(offset, offset, Direction::forward, {1, limits::kScanBytes}, [&](const RecordView& record) {
        append_record_json(json, record);
        return false;
      });
  if (!read) return std::unexpected(to_api_error(about_record(offset, read.error())));
  if (!json.empty()) return json + '\n';
  const auto number = offset.value();
  if (offset > log.head()) {
    return std::unexpected(
        ApiError{404, "not_found",
                 fmt::format("there is no record {} yet; the newest is {}", number, log.head().value()), offset});
  }
  if (const auto first = log.first_settled(); offset < first) {
    return std::unexpected(ApiError{
        404, "trimmed", fmt::format("record {} was removed by retention; the oldest kept is {}", number, first.value()),
        offset});
  }
  if (log.holes().contains(offset)) {
    return std::unexpected(
        ApiError{404, "lost", fmt::format("record {} was damaged and a repair left it out", number), offset});
  }
  return std::unexpected(
      ApiError{500, "damaged", fmt::format("the record at offset {} is missing; {}", number, kDamageAdvice), offset});
}

}  // namespace tidemark
