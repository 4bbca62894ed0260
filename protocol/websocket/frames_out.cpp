// Frames from the server, RFC 6455 section 5.2: never masked (section 5.1), never fragmented.
#include <array>

#include "protocol/websocket/websocket.h"

namespace tidemark::websocket {

namespace {

constexpr unsigned kFin = 0x80;
constexpr unsigned kMasked = 0x80;
constexpr std::size_t kShortMax = 125;  // a length in the second byte itself
constexpr std::size_t kMediumMax = 65'535;
constexpr unsigned kMediumMark = 126;    // two bytes of length follow
constexpr unsigned kLongMark = 127;      // eight do
constexpr std::size_t kReasonMax = 123;  // section 5.5: 125 for the payload, 2 of them the code

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>((value >> shift) & 0xff));
}

/// At most `max` bytes of valid UTF-8 that do not end within a character.
std::string_view cut(std::string_view utf8, std::size_t max) {
  if (utf8.size() <= max) return utf8;
  while (max > 0 && (static_cast<unsigned char>(utf8[max]) & 0xc0) == 0x80) --max;
  return utf8.substr(0, max);
}

}  // namespace

void append_frame_head(std::string& out, Opcode opcode, std::size_t payload_bytes) {
  out.push_back(static_cast<char>(kFin | static_cast<unsigned>(opcode)));
  if (payload_bytes <= kShortMax) {
    out.push_back(static_cast<char>(payload_bytes));
  } else if (payload_bytes <= kMediumMax) {
    out.push_back(static_cast<char>(kMediumMark));
    append_big_endian(out, payload_bytes, 2);
  } else {
    out.push_back(static_cast<char>(kLongMark));
    append_big_endian(out, payload_bytes, 8);
  }
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
  append_frame_head(out, opcode, payload.size());
  out.append(payload);
}

void append_close(std::string& out, std::uint16_t code, std::string_view reason) {
  const auto sent = cut(reason, kReasonMax);
  append_frame_head(out, Opcode::close, 2 + sent.size());
  append_big_endian(out, code, 2);
  out.append(sent);
}

std::optional<FrameView> first_frame(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const auto byte = [bytes](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])); };
  if ((byte(0) & 0xf0) != kFin || (byte(1) & kMasked) != 0) return std::nullopt;
  std::size_t head = 2;
  std::uint64_t size = byte(1);
  if (size > kShortMax) {
    head = size == kMediumMark ? 4 : 10;
    if (bytes.size() < head) return std::nullopt;
    size = 0;
    for (std::size_t at = 2; at < head; ++at) size = (size << 8) | byte(at);
  }
  if (bytes.size() - head < size) return std::nullopt;
  const auto payload = bytes.substr(head, static_cast<std::size_t>(size));
  return FrameView{static_cast<Opcode>(byte(0) & 0x0f), payload, head + payload.size()};
}

}  // namespace tidemark::websocket
