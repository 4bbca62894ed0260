// Where a server is: "http://localhost:3000", or "localhost:3000", which means the same; but a number for a host, as
// a port alone would be, only behind a scheme. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

struct ServerUrl {
  std::string host;  // "localhost", "127.0.0.1", "::1" (without its brackets)
  std::string port;  // "3000"
  std::string path;  // before the API's own paths, without a '/' at its end: "" or "/tidemark" behind a proxy

  /// As it is written.
  [[nodiscard]] std::string text() const;
  /// For the Host header.
  [[nodiscard]] std::string authority() const;
};

[[nodiscard]] std::optional<ServerUrl> parse_server_url(std::string_view text);

/// Empty if `text` is one, else what is wrong with it.
[[nodiscard]] std::string_view why_no_server_url(std::string_view text);

}  // namespace tidemark
