#include "bench/load/frames.h"

#include <array>

namespace tidemark::load {
namespace {

void append_head(std::string& out, std::uint8_t opcode, std::size_t length, std::uint8_t mask_bit) {
  out += static_cast<char>(0x80 | opcode);
  if (length < 126) {
    out += static_cast<char>(mask_bit | length);
    return;
  }
  const int length_bytes = length < 65536 ? 2 : 8;
  out += static_cast<char>(mask_bit | (length_bytes == 2 ? 126 : 127));
  for (int i = length_bytes - 1; i >= 0; --i) out += static_cast<char>(length >> (8 * i));
}

}  // namespace

void append_client_frame(std::string& out, std::uint8_t opcode, std::string_view payload) {
  constexpr std::array<char, 4> mask = {0x5a, 0x25, 0x3c, 0x43};
  append_head(out, opcode, payload.size(), 0x80);
  out.append(mask.data(), mask.size());
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
}

void append_server_frame(std::string& out, std::string_view payload) {
  append_head(out, kOpcodeText, payload.size(), 0);
  out += payload;
}

}  // namespace tidemark::load
