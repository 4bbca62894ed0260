#include "src/config/cors_origin.h"

#include <algorithm>

#include "src/base/limits.h"
#include "src/config/value_text.h"

namespace tidemark {
namespace {

constexpr std::string_view kForm =
    "an origin must be * or scheme://host[:port] without a path, as in https://example.org";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kHostCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-._[]:";

bool only(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

}  // namespace

std::string_view why_no_cors_origin(std::string_view origin) {
  if (origin == "*") return {};
  if (std::ranges::any_of(origin, [](char c) { return c >= 'A' && c <= 'Z'; }))
    return "an origin must be in lower case, as browsers send it";
  const auto mark = origin.find("://");
  if (mark == std::string_view::npos) return kForm;
  const auto scheme = origin.substr(0, mark);
  const auto authority = origin.substr(mark + 3);
  if (!only(scheme.substr(0, 1), kLetters) || !only(authority, kHostCharacters)) return kForm;

  // "[::1]:8080": the colon of the port is the one after the bracket.
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == 0) return kForm;
  if (authority.starts_with('[') != (bracket != std::string_view::npos)) return kForm;
  if (colon == std::string_view::npos) return {};
  const auto port_text = authority.substr(colon + 1);
  const auto port = parse_number(port_text);
  if (!port || *port == 0 || *port > limits::kPortMax || port_text.starts_with('0')) return kForm;
  if ((scheme == "http" && *port == 80) || (scheme == "https" && *port == 443))
    return "an origin must not name its scheme's default port: browsers leave it out";
  return {};
}

}  // namespace tidemark
