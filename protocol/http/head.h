// The head of one request: everything up to and with the empty line. Internal to protocol/http.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "protocol/http/http.h"

namespace tidemark::http {

/// Where a head ends, looked for as it comes and without looking at a byte twice. It also refuses what has no place in
/// a head's lines at all: a bare LF (RFC 9112 section 2.2 lets a recipient take it for a line end; those who do and
/// those who do not see two different requests) and lines that begin with a blank (obsolete folding, section 5.2).
class HeadEnd {
 public:
  enum class Status : std::uint8_t { need_more, complete, malformed };

  /// `head` is all that came of it so far; it only grows from call to call.
  [[nodiscard]] Status find(std::string_view head);
  /// After complete: where the request line starts (RFC 9112 section 2.2: one empty line before it is ignored)...
  [[nodiscard]] std::size_t begin() const { return begin_; }
  /// ...and where the empty line after the fields ends.
  [[nodiscard]] std::size_t end() const { return line_; }
  /// Whether the request line is whole.
  [[nodiscard]] bool past_first_line() const { return line_ > begin_; }
  /// Its bytes, its end included; as much of it as `head` has if it is not whole.
  [[nodiscard]] std::size_t first_line_bytes(std::string_view head) const {
    return (past_first_line() ? first_line_end_ : head.size()) - begin_;
  }

 private:
  std::size_t begin_ = 0;
  std::size_t first_line_end_ = 0;
  std::size_t line_ = 0;     // where the current line starts
  std::size_t scanned_ = 0;  // bytes known to hold no line end
};

struct Head {
  Request request;                   // all but the body
  bool chunked = false;              // else content_length counts
  std::uint64_t content_length = 0;  // bytes of body to come
  bool expects_continue = false;
};

/// Reads a whole head. On failure the status to answer with.
[[nodiscard]] std::expected<Head, int> parse_head(std::string_view head, const RequestLimits& limits);

}  // namespace tidemark::http
