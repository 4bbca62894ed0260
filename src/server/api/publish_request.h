// What POST /api/v1/channels/{channel}/records asks for, checked as an event of a client is. Pure.
#pragma once

#include <expected>
#include <string_view>

#include "protocol/http/http.h"
#include "src/config/options.h"
#include "src/log/log.h"
#include "src/server/api/parameters.h"

namespace tidemark {

/// Without an origin yet; takes the request's body.
[[nodiscard]] std::expected<Draft, ApiError> read_publish_request(http::Request& request, std::string_view channel,
                                                                  const ServeOptions& options);

}  // namespace tidemark
