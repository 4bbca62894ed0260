// What GET /api/v1/info, /channels and /recoveries say of the log and of the server. Reads the store in the calling
// thread.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "src/base/offset_range.h"

#include "src/server/api/parameters.h"

namespace tidemark {

struct Service;

[[nodiscard]] std::expected<std::string, ApiError> info_json(const Service& service);

/// Counts a piece of `range`, the log as it was when it was asked for; nothing: there is more to count.
[[nodiscard]] std::expected<std::optional<std::string>, ApiError> channels_json(Service& service, OffsetRange range);

[[nodiscard]] std::string recoveries_json(const Service& service);

}  // namespace tidemark
