// A chunked request body (RFC 9112 section 7.1), decoded as it comes. Internal to protocol/http.
// Chunk extensions are stepped over and trailers dropped: nothing here needs them, and a trailer that counted as a
// field could change what the head said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemark::http {

class ChunkedBody {
 public:
  enum class Status : std::uint8_t { need_more, complete, malformed, too_large };

  /// Appends the data in `bytes` to `body` and says in `used` how many bytes belonged to it.
  [[nodiscard]] Status read(std::string_view bytes, std::size_t& used, std::string& body, std::size_t max_body_bytes);

 private:
  enum class Expected : std::uint8_t { size_line, data, data_end, trailer };

  Status end_line(std::size_t room);

  Expected expected_ = Expected::size_line;
  std::uint64_t left_ = 0;      // data bytes of this chunk still to come
  std::size_t line_bytes_ = 0;  // all bytes that were not data, since the last data
  std::string line_;            // the line that is coming in
};

}  // namespace tidemark::http
