// The HTTP API, /api/v1/: who may use it, and what answers a request. docs/api.md and openapi.json say what it promises.
#pragma once

#include <string_view>

namespace tidemark {

class HttpStream;

/// Whether a path is the API's.
[[nodiscard]] constexpr bool is_api_path(std::string_view path) { return path.starts_with("/api/"); }

/// Answers the stream's request, now or later.
void serve_api(HttpStream& http);

}  // namespace tidemark
