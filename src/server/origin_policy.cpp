#include "src/server/origin_policy.h"

#include <algorithm>

namespace tidemark {
namespace {

/// The host of "scheme://host[:port]", brackets of an IPv6 address included; empty for "null" and the like.
std::string_view host_of(std::string_view origin) {
  const auto scheme = origin.find("://");
  if (scheme == std::string_view::npos) return {};
  const auto authority = origin.substr(scheme + 3);
  const auto end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
  if (end == std::string_view::npos) return authority;
  return authority.substr(0, authority.starts_with('[') ? end + 1 : end);
}

/// The host of a Host field.
std::string_view without_port(std::string_view host) {
  return host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':'));
}

/// A name in the one spelling that is compared: case means nothing, and a dot at the end only that it is whole (RFC 1034
/// section 3.1).
std::string plain(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string name(host);
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return name;
}

/// A name cannot look like this, and an address cannot be made to lead elsewhere.
bool is_address(std::string_view host) {
  return host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool listens_on_own_machine(std::string_view host) {
  return host == "localhost" || host == "::1" || (is_address(host) && host.starts_with("127."));
}

}  // namespace

bool host_allowed(const http::Request& request, const ServeOptions& options) {
  return !listens_on_own_machine(plain(options.host)) || host_names_this_machine(request, options.cors_origins);
}

bool host_names_this_machine(const http::Request& request, std::span<const std::string> allow_list) {
  const auto field = request.field("host");
  if (!field) return true;
  const auto host = plain(without_port(*field));
  if (host == "localhost" || host.ends_with(".localhost") || is_address(host)) return true;
  return std::ranges::any_of(
      allow_list, [&](const std::string& allowed) { return allowed == "*" || plain(host_of(allowed)) == host; });
}

bool origin_allowed(const http::Request& request, std::span<const std::string> allow_list) {
  const auto origin = request.field("origin");
  if (!origin) return true;
  const auto scheme = origin->find("://");
  if (scheme != std::string_view::npos && request.field("host") == origin->substr(scheme + 3)) return true;
  const auto host = plain(host_of(*origin));
  if (host == "localhost" || host == "127.0.0.1" || host == "[::1]") return true;
  return std::ranges::any_of(allow_list,
                             [&](const std::string& allowed) { return allowed == "*" || allowed == *origin; });
}

std::string cors_fields(const http::Request& request) {
  const auto origin = request.field("origin");
  if (!origin) return {};
  return "Access-Control-Allow-Origin: " + std::string(*origin) +
         "\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin\r\n";
}

}  // namespace tidemark
