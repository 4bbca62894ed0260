#include "src/server/static_files.h"

#include <fmt/format.h>

#include <string>

#include "protocol/http/http.h"
#include "src/server/http_stream.h"
#include "web/assets.h"

namespace tidemark {
namespace {

constexpr std::string_view kSecurityFields =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; "
    "img-src 'self' data:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: cross-origin\r\n";

/// RFC 9110 section 13.1.2: weak comparison against a list, or "*".
bool matches_any(std::string_view list, std::string_view etag) {
  if (list == "*") return true;
  for (std::size_t at = list.find(etag); at != std::string_view::npos; at = list.find(etag, at + 1)) {
    const auto end = at + etag.size();
    if (end == list.size() || list[end] == ',' || list[end] == ' ') return true;
  }
  return false;
}

/// RFC 9110 section 12.5.3, as far as it matters here: gzip is named and its weight, if any, has a digit other than 0.
bool accepts_gzip(const http::Request& request) {
  const auto accepted = request.field("accept-encoding").value_or("");
  const auto at = accepted.find("gzip");
  if (at == std::string_view::npos) return false;
  const auto coding = accepted.substr(at, accepted.find(',', at) - at);
  const auto weight = coding.find('=');
  return weight == std::string_view::npos || coding.substr(weight).find_first_of("123456789") != std::string_view::npos;
}

}  // namespace

bool is_static_file(std::string_view path) { return find_asset(path) != nullptr; }

void serve_static_file(HttpStream& http) {
  const http::Request& request = http.request();
  const Asset& asset = *find_asset(request.path);
  const bool gzip = !asset.gzip.empty() && accepts_gzip(request);
  const auto etag = gzip ? asset.gzip_etag : asset.etag;
  std::string fields =
      fmt::format("{}Cache-Control: no-cache\r\nVary: Accept-Encoding\r\nETag: {}\r\n", kSecurityFields, etag);
  if (matches_any(request.field("if-none-match").value_or(""), etag)) return http.respond(304, fields, {});
  fields += fmt::format("Content-Type: {}\r\n", asset.content_type);
  if (gzip) fields += "Content-Encoding: gzip\r\n";
  http.respond_file(fields, gzip ? asset.gzip : asset.body);
}

}  // namespace tidemark
