// The files of web/ over HTTP: with conditional requests, and compressed for those who can read that. I/O thread of the
// stream.
#pragma once

#include <string_view>

namespace tidemark {

class HttpStream;

/// Whether a file is served at exactly this path.
[[nodiscard]] bool is_static_file(std::string_view path);

/// Precondition: the request is a GET or HEAD of one.
void serve_static_file(HttpStream& http);

}  // namespace tidemark
