// Which web pages may talk to the server (CORS, and the same rule for WebSocket handshakes, which browsers do not
// check). Same-origin pages and pages from this machine always may; others by the allow-list. No Origin header: not a
// browser.
#pragma once

#include <span>
#include <string>

#include "protocol/http/http.h"
#include "src/config/options.h"

namespace tidemark {

/// Whether the Host field names this server. One that listens on its own machine only is asked for by a name of that
/// machine, by an address or by a name on the allow-list: a page whose own name was made to lead here ("DNS rebinding")
/// is same-origin by what its browser sends. One that is open to others may have any name.
[[nodiscard]] bool host_allowed(const http::Request& request, const ServeOptions& options);

/// The same for what only this machine may ask, however open the server is.
[[nodiscard]] bool host_names_this_machine(const http::Request& request, std::span<const std::string> allow_list);

[[nodiscard]] bool origin_allowed(const http::Request& request, std::span<const std::string> allow_list);

/// Response fields for a request that was allowed: "Access-Control-Allow-Origin: ...\r\n..." or nothing without an
/// Origin.
[[nodiscard]] std::string cors_fields(const http::Request& request);

}  // namespace tidemark
