// The opening handshake, RFC 6455 section 4.2. The request has been read and checked as HTTP by protocol/http.
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "protocol/base64.h"
#include "protocol/websocket/websocket.h"

namespace tidemark::websocket {

namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // section 1.3
constexpr std::size_t kKeyBytes = 16;                                       // section 4.1, point 7

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equals_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::string_view without_blanks(std::string_view text) {
  const auto from = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(from, text.find_last_not_of(" \t") + 1 - from);
}

/// Whether a comma-separated list in any field of that name has the token, in any case (RFC 9110 section 5.6.1).
bool lists_token(const http::Request& request, std::string_view field, std::string_view token) {
  for (const auto& [name, value] : request.fields) {
    if (name != field) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      if (equals_ignoring_case(without_blanks(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

/// The value of a field that must stand exactly once (section 11.3).
std::optional<std::string_view> only_field(const http::Request& request, std::string_view field) {
  const auto has_name = [field](const auto& pair) { return pair.first == field; };
  if (std::ranges::count_if(request.fields, has_name) != 1) return std::nullopt;
  return request.field(field);
}

/// Section 4.2.2, point 5.4.
std::string accept_value(std::string_view key) {
  std::string text(key);
  text.append(kGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string accept;
  base64::append_encoded(accept, {reinterpret_cast<const char*>(digest.data()), digest.size()});
  return accept;
}

HandshakeAnswer refuse(int status, std::string_view error) { return {status, "", std::string(error)}; }

}  // namespace

bool wants_upgrade(const http::Request& request) { return lists_token(request, "upgrade", "websocket"); }

HandshakeAnswer answer_handshake(const http::Request& request) {
  if (request.method != "GET") return refuse(400, "A WebSocket handshake is a GET request.");
  if (request.minor_version < 1) return refuse(400, "A WebSocket handshake needs HTTP/1.1.");
  if (!wants_upgrade(request)) return refuse(400, "The Upgrade field must name websocket.");
  if (!lists_token(request, "connection", "upgrade")) return refuse(400, "The Connection field must name Upgrade.");
  if (only_field(request, "sec-websocket-version") != "13")
    return refuse(426, "Sec-WebSocket-Version must be 13, the only version spoken here.");
  const auto key = only_field(request, "sec-websocket-key");
  if (!key) return refuse(400, "There must be exactly one Sec-WebSocket-Key.");
  const auto bytes = base64::decode(*key, base64::Padding::required);
  if (!bytes || bytes->size() != kKeyBytes) return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64.");
  return {101, accept_value(*key), ""};
}

}  // namespace tidemark::websocket
