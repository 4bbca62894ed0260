// An origin as browsers send it in the Origin header (RFC 6454 section 6.2): scheme://host[:port], in lower case, no
// path, no default port. Pure function; any thread.
#pragma once

#include <string_view>

namespace tidemark {

/// Empty if `origin` is "*" or one that a browser can send, else what is wrong with it.
[[nodiscard]] std::string_view why_no_cors_origin(std::string_view origin);

}  // namespace tidemark
