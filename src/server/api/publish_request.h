// What POST /api/v1/channels/{channel}/records asks for, checked as an event of a client is. Pure.
//
// One record, whose payload is the body; or as application/x-ndjson many, a line each:
//
//   {"payload":"one","key":"import-1"}
//   {"payload":{"text":"two"}}
#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "protocol/http/http.h"
#include "src/config/options.h"
#include "src/log/log.h"
#include "src/server/api/parameters.h"

namespace tidemark {

/// Without an origin yet; takes the request's body.
[[nodiscard]] std::expected<Draft, ApiError> read_publish_request(http::Request& request, std::string_view channel,
                                                                  const ServeOptions& options);

/// By the request's Content-Type.
[[nodiscard]] bool is_publish_of_lines(const http::Request& request);
/// A draft for each line, at least one. An error names the line; then nothing of the request is meant to be stored.
[[nodiscard]] std::expected<std::vector<Draft>, ApiError> read_publish_lines(http::Request& request,
                                                                             std::string_view channel,
                                                                             const ServeOptions& options);

}  // namespace tidemark
