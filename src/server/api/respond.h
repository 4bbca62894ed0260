// What the answers of the API have in common. I/O thread of the stream.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/error.h"
#include "src/log/log.h"
#include "src/server/api/parameters.h"

namespace tidemark {

class HttpStream;

/// Content type, caching and who may read it: response fields, "Name: value\r\n" each.
[[nodiscard]] std::string api_fields(const HttpStream& http, std::string_view content_type);
/// Which log this is: a response field.
[[nodiscard]] std::string epoch_field(const Log& log);
/// The same, and from where to where an answer could go, whose newest record is at or below `head`.
[[nodiscard]] std::string log_fields(const Log& log, Offset head);

void respond_json(HttpStream& http, int status, std::string_view json, std::string_view fields = {});
/// With Retry-After where trying again may help, and WWW-Authenticate where a token is missing.
void respond_error(HttpStream& http, const ApiError& error);

/// More pages are waiting to be read than may.
void respond_too_many_reads(HttpStream& http);

/// Status and code of a failed read.
[[nodiscard]] ApiError to_api_error(const Error& error);

/// Runs `job` on a reader thread and responds with the JSON it gives; as long as it gives nothing it is run again, after
/// others had their turn.
using JsonJob = std::function<std::expected<std::optional<std::string>, ApiError>()>;
void respond_later(HttpStream& http, JsonJob job);

}  // namespace tidemark
