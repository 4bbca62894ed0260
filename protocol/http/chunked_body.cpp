#include "protocol/http/chunked_body.h"

#include <algorithm>
#include <charconv>

#include "src/base/limits.h"

namespace tidemark::http {

namespace {

/// chunk-size of "1f;name=value"; nothing if it is no number or has something else than an extension after it.
bool read_size(std::string_view line, std::uint64_t& size) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  if (error != std::errc()) return false;
  const auto rest = line.substr(static_cast<std::size_t>(end - line.data()));
  const auto after_blanks = rest.find_first_not_of(" \t");
  return after_blanks == std::string_view::npos ? rest.empty() : rest[after_blanks] == ';';
}

}  // namespace

ChunkedBody::Status ChunkedBody::read(std::string_view bytes, std::size_t& used, std::string& body,
                                      std::size_t max_body_bytes) {
  used = 0;
  while (used < bytes.size()) {
    if (expected_ == Expected::data) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - used));
      body.append(bytes.substr(used, count));
      used += count;
      left_ -= count;
      if (left_ == 0) expected_ = Expected::data_end;
      continue;
    }
    const char c = bytes[used++];
    if (++line_bytes_ > limits::kHttpHeadBytes) return Status::malformed;
    if (c != '\n') {
      // A CR may only stand before the LF; what follows it here is something else.
      if (line_.ends_with('\r')) return Status::malformed;
      line_.push_back(c);
      continue;
    }
    if (!line_.ends_with('\r')) return Status::malformed;
    line_.pop_back();
    const auto status = end_line(max_body_bytes - std::min(max_body_bytes, body.size()));
    if (status != Status::need_more) return status;
    line_.clear();
  }
  return Status::need_more;
}

ChunkedBody::Status ChunkedBody::end_line(std::size_t room) {
  switch (expected_) {
    case Expected::size_line:
      if (!read_size(line_, left_)) return Status::malformed;
      if (left_ > room) return Status::too_large;
      line_bytes_ = 0;
      expected_ = left_ == 0 ? Expected::trailer : Expected::data;
      return Status::need_more;
    case Expected::data_end:
      expected_ = Expected::size_line;
      return line_.empty() ? Status::need_more : Status::malformed;
    case Expected::trailer: return line_.empty() ? Status::complete : Status::need_more;
    case Expected::data: break;  // has no lines
  }
  return Status::malformed;
}

}  // namespace tidemark::http
