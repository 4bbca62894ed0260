#include <algorithm>
#include <cassert>

#include "protocol/http/chunked_body.h"
#include "protocol/http/head.h"
#include "protocol/http/http.h"

namespace tidemark::http {

namespace {

constexpr int kBadRequest = 400;
constexpr int kContentTooLarge = 413;
constexpr int kUriTooLong = 414;
constexpr int kFieldsTooLarge = 431;

/// What may stand before and after a target in a request line: a method of any sensible length, "HTTP/1.1", CRLF.
constexpr std::size_t kRequestLineRest = 64;

}  // namespace

struct RequestReader::State {
  enum class Part : std::uint8_t { head, body, complete, failed };

  Part part = Part::head;
  std::string head_text;
  HeadEnd head_end;
  Head head;
  ChunkedBody chunks;
  bool body_begun = false;
  int error_status = 0;

  void fail(int status) {
    part = Part::failed;
    error_status = status;
  }

  std::size_t read_head(std::string_view bytes, const RequestLimits& limits);
  std::size_t read_body(std::string_view bytes, const RequestLimits& limits);
};

std::size_t RequestReader::State::read_head(std::string_view bytes, const RequestLimits& limits) {
  const std::size_t before = head_text.size();
  const std::size_t room = limits.head_bytes - std::min(before, limits.head_bytes);
  // A head that comes in one piece is read where it stands.
  std::string_view text = bytes.substr(0, room);
  if (before > 0) {
    head_text.append(text);
    text = head_text;
  }
  const auto found = head_end.find(text);
  if (found == HeadEnd::Status::malformed) {
    fail(kBadRequest);
    return 0;
  }
  if (head_end.first_line_bytes(text) > limits.target_bytes + kRequestLineRest) {
    fail(kUriTooLong);
    return text.size() - before;
  }
  if (found == HeadEnd::Status::need_more) {
    if (text.size() == limits.head_bytes) {
      fail(kFieldsTooLarge);
    } else if (before == 0) {
      head_text = text;
    }
    return text.size() - before;
  }
  auto parsed = parse_head(text.substr(head_end.begin(), head_end.end() - head_end.begin()), limits);
  if (!parsed) {
    fail(parsed.error());
    return 0;
  }
  head = std::move(*parsed);
  if (head.content_length > limits.body_bytes) {
    fail(kContentTooLarge);
    return 0;
  }
  part = head.chunked || head.content_length > 0 ? Part::body : Part::complete;
  const std::size_t used = head_end.end() - before;
  head_text = std::string();
  return used;
}

std::size_t RequestReader::State::read_body(std::string_view bytes, const RequestLimits& limits) {
  body_begun = body_begun || !bytes.empty();
  auto& body = head.request.body;
  if (!head.chunked) {
    const auto missing = static_cast<std::size_t>(head.content_length) - body.size();
    const auto piece = bytes.substr(0, missing);
    body.append(piece);
    if (piece.size() == missing) part = Part::complete;
    return piece.size();
  }
  std::size_t used = 0;
  switch (chunks.read(bytes, used, body, limits.body_bytes)) {
    case ChunkedBody::Status::need_more: break;
    case ChunkedBody::Status::complete: part = Part::complete; break;
    case ChunkedBody::Status::malformed: fail(kBadRequest); break;
    case ChunkedBody::Status::too_large: fail(kContentTooLarge); break;
  }
  return used;
}

RequestReader::RequestReader(const RequestLimits& limits) : limits_(limits) {}
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;
RequestReader::~RequestReader() = default;

RequestReader::Status RequestReader::read(std::string_view bytes, std::size_t& used) {
  used = 0;
  if (!state_) {
    if (bytes.empty()) return Status::need_more;
    state_ = std::make_unique<State>();
  }
  if (state_->part == State::Part::head) used += state_->read_head(bytes, limits_);
  if (state_->part == State::Part::body) used += state_->read_body(bytes.substr(used), limits_);
  switch (state_->part) {
    case State::Part::complete: return Status::complete;
    case State::Part::failed: return Status::failed;
    default: return Status::need_more;
  }
}

Request RequestReader::take() {
  assert(state_ && state_->part == State::Part::complete);
  Request request = std::move(state_->head.request);
  state_.reset();
  return request;
}

int RequestReader::error_status() const { return state_ ? state_->error_status : 0; }

bool RequestReader::wants_continue() {
  if (!state_ || state_->part != State::Part::body || state_->body_begun) return false;
  return std::exchange(state_->head.expects_continue, false);
}

const Request* RequestReader::begun() const {
  return state_ && state_->part == State::Part::body ? &state_->head.request : nullptr;
}

bool RequestReader::unfinished() const {
  return state_ && (state_->part == State::Part::head || state_->part == State::Part::body);
}

}  // namespace tidemark::http
