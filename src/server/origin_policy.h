// Which web pages may talk to the server (CORS, and the same rule for WebSocket handshakes, which browsers do not
// check). Same-origin pages and pages from this machine always may; others by the allow-list. No Origin header: not a
// browser.
#pragma once

#include <span>
#include <string>

#include "protocol/http/http.h"

namespace tidemark {

[[nodiscard]] bool origin_allowed(const http::Request& request, std::span<const std::string> allow_list);

/// Response fields for a request that was allowed: "Access-Control-Allow-Origin: ...\r\n..." or nothing without an
/// Origin.
[[nodiscard]] std::string cors_fields(const http::Request& request);

}  // namespace tidemark
