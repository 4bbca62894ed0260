#include "src/config/server_url.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/config/value_text.h"

namespace tidemark {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::string_view kDefaultPort = "80";
constexpr std::uint64_t kPortMax = 65'535;

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

/// "23000", "2130706433:23460/x": the system takes a number for an IPv4 address (0.0.89.216), and a typed port would lead to
/// a stranger.
bool has_number_for_host(std::string_view text) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  return end > 0 && (end == text.size() || text[end] == ':' || text[end] == '/');
}

}  // namespace

std::string ServerUrl::authority() const {
  const bool numeric_v6 = host.find(':') != std::string::npos;
  const auto name = numeric_v6 ? fmt::format("[{}]", host) : host;
  return port == kDefaultPort ? name : fmt::format("{}:{}", name, port);
}

std::string ServerUrl::text() const { return fmt::format("{}{}{}", kScheme, authority(), path); }

std::optional<ServerUrl> parse_server_url(std::string_view text) {
  if (!is_printable(text) || text.find_first_of("?#@") != std::string_view::npos) return std::nullopt;
  if (text.starts_with(kScheme)) {
    text.remove_prefix(kScheme.size());
  } else if (text.find("://") != std::string_view::npos || has_number_for_host(text)) {
    return std::nullopt;
  }
  const auto slash = std::min(text.find('/'), text.size());
  auto authority = text.substr(0, slash);
  auto path = text.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);

  ServerUrl url{.host = {}, .port = std::string(kDefaultPort), .path = std::string(path)};
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    url.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    if (!authority.empty() && authority.front() != ':') return std::nullopt;
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    authority.remove_prefix(colon);
  }
  if (!authority.empty()) {
    const auto port = parse_number(authority.substr(1));
    if (!port || *port == 0 || *port > kPortMax) return std::nullopt;
    url.port = std::to_string(*port);
  }
  if (url.host.empty()) return std::nullopt;
  return url;
}

std::string_view why_no_server_url(std::string_view text) {
  if (parse_server_url(text)) return {};
  if (text.starts_with("https://")) {
    return "only http:// is spoken; over https, let a proxy on this machine take the encryption off";
  }
  if (has_number_for_host(text)) {
    return "a number is no host; a port of this machine is written with it, such as localhost:23000";
  }
  return "must be a server's address such as http://localhost:3000";
}

}  // namespace tidemark
