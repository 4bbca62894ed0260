// What GET /api/v1/info, /channels and /recoveries say of the log and of the server. Reads the store in the calling
// thread.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "src/base/offset_range.h"

#include "src/log/log.h"
#include "src/server/api/parameters.h"

namespace tidemark {

struct Service;

[[nodiscard]] std::expected<std::string, ApiError> info_json(const Service& service);

/// Counts a piece of `range`, the log as it was when it was asked for; nothing: there is more to count.
[[nodiscard]] std::expected<std::optional<std::string>, ApiError> channels_json(Service& service, OffsetRange range);

/// What each channel lost to trimming. Of more than limits::kApiRecords channels those with the oldest losses are told as
/// one loss of every channel: too much, and never too little.
[[nodiscard]] std::expected<std::string, ApiError> losses_json(const Log& log);

[[nodiscard]] std::string recoveries_json(const Service& service);

}  // namespace tidemark
