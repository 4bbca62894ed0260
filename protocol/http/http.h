// HTTP/1.1 (RFC 9110, RFC 9112), server side: requests in, response heads out. Sans-I/O; parsing by Boost.Beast's
// parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidemark::http {

struct Request {
  std::string method;                                       // as sent, e.g. "GET"
  std::string path;                                         // target up to '?', percent-decoded; never contains a NUL
  std::string query;                                        // after '?', still encoded
  std::vector<std::pair<std::string, std::string>> fields;  // names in lower case, in order
  std::string body;
  bool keep_alive = false;
  int minor_version = 1;  // HTTP/1.x

  /// The first field of that lower-case name; nothing if there is none.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view lower_case_name) const;
  /// Percent-decoded value of the first such parameter in the query.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

struct RequestLimits {
  std::size_t head_bytes;
  std::size_t target_bytes;
  std::size_t body_bytes;
};

/// Reads one request after another from a connection. Refuses what could be read in two ways (both Content-Length and
/// Transfer-Encoding, doubled differing lengths, bare LF in the head, blanks before the colon, missing or doubled
/// Host).
class RequestReader {
 public:
  explicit RequestReader(const RequestLimits& limits);
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;
  ~RequestReader();

  enum class Status : std::uint8_t { need_more, complete, failed };

  /// Consumes from the front of `bytes`, at most up to the end of one request; says in `used` how much. What was not
  /// used must stand at the front of the next call's bytes. After `complete`, take() the request before reading on.
  [[nodiscard]] Status read(std::string_view bytes, std::size_t& used);
  [[nodiscard]] Request take();

  /// After `failed`: the status to answer before closing (400, 413, 414, 431, 501, 505).
  [[nodiscard]] int error_status() const;
  /// Whether the bytes so far ask for "100 Continue" and the body has not begun to arrive; true only once per request.
  [[nodiscard]] bool wants_continue();
  /// The request whose head is here while its body still comes; null without one. Until the next read() or take().
  [[nodiscard]] const Request* begun() const;
  /// Whether a request has begun and not ended.
  [[nodiscard]] bool unfinished() const;

 private:
  struct State;
  std::unique_ptr<State>
      state_;  // made with the first byte of a request, freed after it: idle connections cost nothing
  RequestLimits limits_;
};

[[nodiscard]] std::string_view reason_phrase(int status);

/// Appends status line, Date, the given fields ("Name: value\r\n" lines), Content-Length and, where it differs from
/// HTTP/1.1's default, Connection; then the empty line. No body.
void append_response_head(std::string& out, int status, std::string_view fields, std::size_t content_length,
                          bool keep_alive);

/// The same for a body whose length is not known yet. HTTP/1.1 gets it in chunks (RFC 9112 section 7.1), each
/// append_chunk(), the last one empty; for HTTP/1.0, not `chunked`, it ends with the connection.
void append_streamed_head(std::string& out, int status, std::string_view fields, bool chunked, bool keep_alive);
void append_chunk(std::string& out, std::string_view bytes);

[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);

}  // namespace tidemark::http
