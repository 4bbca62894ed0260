#include <cstring>

#include "protocol/json/json.h"

namespace tidemark::json {

namespace {

/// Bytes of the sequence that starts at `p`, or 0 if it is none (RFC 3629 section 4: the table of well-formed forms).
std::size_t sequence_bytes(const unsigned char* p, std::size_t available) {
  const auto continues = [p](std::size_t at) { return (p[at] & 0xc0) == 0x80; };
  const unsigned first = p[0];
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;  // stray continuation, overlong two-byte form, above U+10FFFF
  const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (available < size || !continues(1)) return 0;
  if (size == 2) return 2;
  const unsigned second = p[1];
  if (first == 0xe0 && second < 0xa0) return 0;  // overlong
  if (first == 0xed && second > 0x9f) return 0;  // surrogate
  if (first == 0xf0 && second < 0x90) return 0;  // overlong
  if (first == 0xf4 && second > 0x8f) return 0;  // above U+10FFFF
  if (!continues(2)) return 0;
  return size == 3 || continues(3) ? size : 0;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  const auto* const p = reinterpret_cast<const unsigned char*>(bytes.data());
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint64_t word = 0;
    if (bytes.size() - at >= sizeof word) {  // eight ASCII bytes at once
      std::memcpy(&word, p + at, sizeof word);
      if ((word & 0x8080808080808080) == 0) {
        at += sizeof word;
        continue;
      }
    }
    const auto size = sequence_bytes(p + at, bytes.size() - at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

}  // namespace tidemark::json
