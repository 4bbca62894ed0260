// The one scanner that everything in this folder is built on: it steps over blanks, strings, numbers and whole values
// and says where they end. It checks the grammar (RFC 8259) while stepping, so validation is nothing but a successful
// step. Internal to protocol/json. No allocation, no recursion: nesting lives in a bit per level.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tidemark::json {

/// No text nested deeper than this is valid, whatever depth the caller allows: it bounds the scanner's own stack.
inline constexpr int kDepthCeiling = 1024;

/// One bit per open array or object.
class LevelBits {
 public:
  [[nodiscard]] bool get(int level) const { return ((words_[word(level)] >> shift(level)) & 1) != 0; }
  void set(int level, bool value) {
    auto& bits = words_[word(level)];
    bits = (bits & ~(std::uint64_t{1} << shift(level))) | (std::uint64_t{value} << shift(level));
  }

 private:
  static constexpr std::size_t word(int level) { return static_cast<std::size_t>(level) / 64; }
  static constexpr unsigned shift(int level) { return static_cast<unsigned>(level) % 64; }

  std::array<std::uint64_t, kDepthCeiling / 64> words_;  // a level's bit is set when the level is entered
};

/// RFC 8259 section 2: these four and no others (JSON.parse agrees; U+00A0 or U+FEFF are errors).
[[nodiscard]] constexpr bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[nodiscard]] inline const char* skip_blanks(const char* p, const char* end) {
  while (p != end && is_blank(*p)) ++p;
  return p;
}

/// The first byte that ends or interrupts a string's plain run: quote, backslash or control character; `end` if none.
[[nodiscard]] inline const char* skip_plain(const char* p, const char* end) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = 0x8080808080808080;
  while (end - p >= 8) {  // eight bytes at once: a set top bit marks a byte of interest
    std::uint64_t word = 0;
    std::memcpy(&word, p, sizeof word);
    const auto quote = word ^ (kOnes * '"');
    const auto backslash = word ^ (kOnes * '\\');
    const auto hits =
        (((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) | ((word - kOnes * 0x20) & ~word)) & kTops;
    if (hits != 0) {
      // The lowest hit is exact (only bytes above a true one can be false), so it can be jumped to.
      if constexpr (std::endian::native == std::endian::little) return p + std::countr_zero(hits) / 8;
      break;
    }
    p += 8;
  }
  while (p != end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20) ++p;
  return p;
}

/// Value of a hexadecimal digit; negative for anything else.
[[nodiscard]] constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const auto lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// From after the opening quote to after the closing one; null if the string is broken.
[[nodiscard]] const char* skip_string(const char* p, const char* end);

/// From a number's first byte to after its last; null if it is none.
[[nodiscard]] const char* skip_number(const char* p, const char* end);

/// From the blanks before a value to right after it; null if it is no valid value or nested deeper than `max_depth`,
/// which `too_deep` then tells.
[[nodiscard]] const char* skip_value(const char* p, const char* end, int max_depth, bool* too_deep = nullptr);

}  // namespace tidemark::json
