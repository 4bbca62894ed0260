#include "src/server/api/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "src/server/origin_policy.h"

namespace tidemark {
namespace {

/// RFC 9110 section 11.1: the scheme's name in any case, one blank or more, the token.
std::string_view bearer_token(const http::Request& request) {
  auto field = request.field("authorization").value_or("");
  constexpr std::string_view kScheme = "bearer ";
  const auto same = [](char given, char lower) { return (given | 0x20) == (lower | 0x20); };
  if (field.size() < kScheme.size() || !std::ranges::equal(field.substr(0, kScheme.size()), kScheme, same)) return {};
  field.remove_prefix(kScheme.size());
  return field.substr(std::min(field.find_first_not_of(' '), field.size()));
}

/// What a proxy adds: the peer is not the one who asks.
bool was_forwarded(const http::Request& request) {
  constexpr std::array<std::string_view, 4> kFields = {"forwarded", "x-forwarded-for", "x-real-ip", "via"};
  return std::ranges::any_of(kFields, [&](std::string_view name) { return request.field(name).has_value(); });
}

/// A page that loads an answer as an image or a script cannot read it and sends no Origin; it could keep the readers of the
/// log busy all the same. A link that somebody follows is another matter (Fetch Metadata, section 2).
bool embedded_by_stranger(const http::Request& request) {
  return !request.field("origin") && request.field("sec-fetch-site") == "cross-site" &&
         request.field("sec-fetch-mode") != "navigate";
}

}  // namespace

bool same_secret(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

bool is_loopback_peer(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  if (address.ss_family != AF_INET6) return false;
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

std::vector<std::string> api_origins(const ServeOptions& options) {
  std::vector<std::string> origins = options.cors_origins;
  if (options.api_token.empty()) std::erase(origins, "*");
  return origins;
}

std::optional<ApiError> why_no_access(const http::Request& request, const ServeOptions& options, bool loopback_peer) {
  const auto origins = api_origins(options);
  if (!origin_allowed(request, origins) || embedded_by_stranger(request)) {
    return ApiError{
        403, "origin_not_allowed",
        "pages of this origin may not use the API; the server's --cors-origin lists those that may (* counts "
        "with --api-token only)"};
  }
  if (!options.api_token.empty()) {
    const auto token = bearer_token(request);
    if (same_secret(token, options.api_token)) return std::nullopt;
    if (token.empty()) {
      return ApiError{401, "token_needed", "send the server's --api-token in the field Authorization: Bearer TOKEN"};
    }
    return ApiError{401, "token_wrong", "the token in the field Authorization is not the server's --api-token"};
  }
  if (!loopback_peer || was_forwarded(request)) {
    return ApiError{403, "token_not_configured",
                    "without a token the API answers this machine only; start the server with --api-token, or run the "
                    "command on the server's machine"};
  }
  if (!host_names_this_machine(request, origins)) {
    return ApiError{403, "host_not_allowed",
                    "the Host field must be localhost, an address, or a name that --cors-origin lists (* counts with "
                    "--api-token only)"};
  }
  return std::nullopt;
}

}  // namespace tidemark
