// WebSocket frames as a client needs them (RFC 6455 section 5.2), no more than the benchmark's servers send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemark::load {

inline constexpr std::uint8_t kOpcodeText = 0x1, kOpcodeClose = 0x8, kOpcodePing = 0x9, kOpcodePong = 0xa;

struct Frame {
  std::uint8_t opcode = 0;
  std::string_view payload;
  std::size_t bytes = 0;  // head and payload; 0 = not whole yet
};

/// The unmasked frame at the front of `bytes`.
[[nodiscard]] inline Frame front_frame(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  if (bytes.size() < 2) return {};
  std::size_t head = 2;
  std::size_t length = byte(1) & 0x7fu;
  if (length >= 126) {
    const std::size_t length_bytes = length == 126 ? 2 : 8;
    head += length_bytes;
    if (bytes.size() < head) return {};
    length = 0;
    for (std::size_t i = 2; i < head; ++i) length = length << 8 | byte(i);
  }
  if (bytes.size() - head < length) return {};
  return {static_cast<std::uint8_t>(byte(0) & 0x0fu), bytes.substr(head, length), head + length};
}

/// Appends a masked frame, as clients must send them. The mask is fixed but not zero: some servers skip the unmasking
/// for zero, and this is a benchmark.
void append_client_frame(std::string& out, std::uint8_t opcode, std::string_view payload);

/// Appends an unmasked text frame, as servers send them.
void append_server_frame(std::string& out, std::string_view payload);

}  // namespace tidemark::load
