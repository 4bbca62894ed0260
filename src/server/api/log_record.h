// What GET /api/v1/log/{offset} answers: one record, or why there is none.
#pragma once

#include <expected>
#include <string>

#include "src/base/offset.h"
#include "src/log/log.h"
#include "src/server/api/parameters.h"

namespace tidemark {

/// The record's line. Reads the store in the calling thread.
[[nodiscard]] std::expected<std::string, ApiError> record_json_at(const Log& log, Offset offset);

}  // namespace tidemark
