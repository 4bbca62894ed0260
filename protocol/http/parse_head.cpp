// Request heads by Boost.Beast's parser; this is the only file that sees its headers. Beast is given whole heads only,
// and no body: its chunk parser asserts on input a client can send byte by byte (an empty chunked body), and takes
// trailers for fields. What Beast lets through and we do not is refused here.
#include <utility>
// With the checks of ./dev sanitize, GCC 12 takes Beast's empty boost::optional for something uninitialized.
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
// clang-format off: Boost 1.74 uses std::exchange without including <utility>
#include <boost/beast/http/basic_parser.hpp>
// clang-format on

#include <algorithm>
#include <limits>

#include "protocol/http/head.h"
#include "src/base/limits.h"

namespace tidemark::http {

namespace {

namespace beast = boost::beast;

constexpr int kBadRequest = 400;
constexpr int kUriTooLong = 414;
constexpr int kFieldsTooLarge = 431;
constexpr int kNotImplemented = 501;
constexpr int kVersionNotSupported = 505;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
  return out;
}

/// Hands over what the grammar found; the containers of Beast's own request_parser are not needed.
class FieldCollector final : public beast::http::basic_parser<true> {
 public:
  explicit FieldCollector(Request& request) : request_(request) {}

  [[nodiscard]] std::string_view target() const { return target_; }

 private:
  using Error = beast::error_code;
  using Text = beast::string_view;

  void on_request_impl(beast::http::verb, Text method, Text target, int version, Error& error) override {
    error = {};
    request_.method = std::string_view(method.data(), method.size());
    target_ = {target.data(), target.size()};
    request_.minor_version = version - 10;
  }
  void on_field_impl(beast::http::field, Text name, Text value, Error& error) override {
    error = {};
    if (request_.fields.size() == limits::kHttpFields) {
      error = beast::http::error::header_limit;
      return;
    }
    request_.fields.emplace_back(lower({name.data(), name.size()}), std::string_view(value.data(), value.size()));
  }
  void on_header_impl(Error& error) override { error = {}; }
  void on_finish_impl(Error& error) override { error = {}; }

  // Not reached: responses and bodies.
  void on_response_impl(int, Text, int, Error& error) override { error = {}; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error& error) override { error = {}; }
  std::size_t on_body_impl(Text body, Error& error) override {
    error = {};
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, Error& error) override { error = {}; }
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Error& error) override {
    error = {};
    return body.size();
  }

  Request& request_;
  std::string_view target_;
};

/// Whether the request line is one of some HTTP, if not of ours: two blanks, and a version after the second.
bool names_a_version(std::string_view text) {
  const auto line = text.substr(0, text.find("\r\n"));
  const auto version = line.substr(std::min(line.rfind(' '), line.size()));
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::ranges::count(line, ' ') == 2 && version.size() == 9 && version.starts_with(" HTTP/") &&
         is_digit(version[6]) && version[7] == '.' && is_digit(version[8]);
}

int status_for(const beast::error_code& error, std::string_view text) {
  if (error == beast::http::error::bad_version && names_a_version(text)) return kVersionNotSupported;
  if (error == beast::http::error::header_limit) return kFieldsTooLarge;
  return kBadRequest;
}

/// How often a field stands, and where it does first.
struct Occurrence {
  std::size_t count = 0;
  std::string* first = nullptr;
};

Occurrence find_field(Request& request, std::string_view name) {
  Occurrence found;
  for (auto& [field, value] : request.fields) {
    if (field != name) continue;
    if (found.count++ == 0) found.first = &value;
  }
  return found;
}

/// Splits the target into path and query. RFC 9112 section 3.2: origin form, absolute form (whose authority then stands
/// for the Host field), and "*" for OPTIONS. 0 or the status to answer.
int read_target(std::string_view target, Request& request, std::string* host) {
  if (target == "*" && request.method == "OPTIONS") {
    request.path = "*";
    return 0;
  }
  if (!target.starts_with('/')) {
    const auto mark = target.find("://");
    if (mark == std::string_view::npos) return kBadRequest;
    const auto scheme = lower(target.substr(0, mark));
    if (scheme != "http" && scheme != "https") return kBadRequest;
    target.remove_prefix(mark + 3);
    const auto authority = target.substr(0, target.find_first_of("/?"));
    if (authority.empty() || authority.find('@') != std::string_view::npos) return kBadRequest;
    if (host != nullptr) *host = authority;
    target.remove_prefix(authority.size());
  }
  if (target.find('#') != std::string_view::npos) return kBadRequest;  // fragments are never sent
  const auto mark = std::min(target.find('?'), target.size());
  const auto path = percent_decode(target.substr(0, mark), false);
  if (!path || path->find('\0') != std::string::npos) return kBadRequest;
  request.path = path->empty() ? "/" : *path;
  request.query = target.substr(std::min(mark + 1, target.size()));
  return 0;
}

/// RFC 9112 section 6: how long the body is, in the one way that cannot be read otherwise. 0 or the status to answer.
int read_framing(Head& head) {
  const auto length = find_field(head.request, "content-length");
  const auto coding = find_field(head.request, "transfer-encoding");
  if (coding.count > 0) {
    // Section 6.1: with Content-Length, or in HTTP/1.0, it "ought to be handled as an error".
    if (length.count > 0 || coding.count > 1 || head.request.minor_version < 1) return kBadRequest;
    if (lower(*coding.first) != "chunked") return kNotImplemented;
    head.chunked = true;
    return 0;
  }
  if (length.count == 0) return 0;
  const auto& digits = *length.first;
  if (length.count > 1 || digits.empty()) return kBadRequest;
  for (const char c : digits) {
    if (c < '0' || c > '9') return kBadRequest;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (head.content_length > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return kBadRequest;
    head.content_length = head.content_length * 10 + digit;
  }
  return 0;
}

}  // namespace

std::expected<Head, int> parse_head(std::string_view text, const RequestLimits& limits) {
  Head head;
  FieldCollector parser(head.request);
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());  // the reader has held it to head_bytes
  parser.skip(true);                                               // no body from here
  beast::error_code error;
  const auto used = parser.put(boost::asio::buffer(text.data(), text.size()), error);
  if (error) return std::unexpected(status_for(error, text));
  if (used != text.size() || !parser.is_done()) return std::unexpected(kBadRequest);
  if (parser.target().size() > limits.target_bytes) return std::unexpected(kUriTooLong);

  auto& request = head.request;
  request.keep_alive = parser.keep_alive();
  const auto host = find_field(request, "host");
  // RFC 9112 section 3.2; HTTP/1.0 knew no Host.
  if (host.count > 1 || (host.count == 0 && request.minor_version > 0)) return std::unexpected(kBadRequest);
  if (host.count > 0 && host.first->find_first_of(" \t,@/\\?#") != std::string::npos)
    return std::unexpected(kBadRequest);
  if (const int status = read_target(parser.target(), request, host.first); status != 0) return std::unexpected(status);
  if (const int status = read_framing(head); status != 0) return std::unexpected(status);
  const auto expect = find_field(request, "expect");
  head.expects_continue = expect.count > 0 && request.minor_version > 0 && lower(*expect.first) == "100-continue";
  return head;
}

}  // namespace tidemark::http
