#include <algorithm>

#include "protocol/json/json.h"
#include "protocol/json/scan.h"

namespace tidemark::json {

namespace {

constexpr std::uint64_t kMaxSafe = (std::uint64_t{1} << 53) - 1;  // what a JavaScript number carries exactly
constexpr std::int64_t kExponentCap = std::int64_t{1} << 40;      // far beyond the digits any text here can hold

/// value * 10^power, or nothing if that is 2^53 or more. `value` is not 0, so 16 rounds are the most.
std::optional<std::uint64_t> scaled(std::uint64_t value, std::int64_t power) {
  for (; power > 0; --power) {
    if (value > kMaxSafe / 10) return std::nullopt;
    value *= 10;
  }
  if (value > kMaxSafe) return std::nullopt;
  return value;
}

std::int64_t exponent_of(const char* p, const char* end) {
  const bool negative = p != end && *p == '-';
  if (p != end && (*p == '-' || *p == '+')) ++p;
  std::int64_t exponent = 0;
  for (; p != end && is_digit(*p); ++p) exponent = std::min(exponent * 10 + (*p - '0'), kExponentCap);
  return negative ? -exponent : exponent;
}

}  // namespace

// Exact in decimals, never through a double: 9007199254740993 must not become ...992. `digits` holds the significant
// digits up to the last one that is not zero; zeros after it are only counted, so "1000...0e-99" needs no big number.
std::optional<std::int64_t> decode_integer(std::string_view valid_value) {
  const char* const end = valid_value.data() + valid_value.size();
  const char* p = skip_blanks(valid_value.data(), end);
  const bool negative = p != end && *p == '-';
  if (negative) ++p;
  if (p == end || !is_digit(*p)) return std::nullopt;

  std::uint64_t digits = 0;
  std::int64_t zeros = 0;
  std::int64_t decimals = 0;
  bool in_fraction = false;
  for (; p != end && (is_digit(*p) || *p == '.'); ++p) {
    if (*p == '.') {
      in_fraction = true;
      continue;
    }
    if (in_fraction) ++decimals;
    if (*p == '0') {
      if (digits != 0) ++zeros;
      continue;
    }
    // 2^53 or more up to a digit that is not zero: too large, or not whole.
    const auto shifted = digits == 0 ? 0 : scaled(digits, zeros + 1);
    if (!shifted) return std::nullopt;
    digits = *shifted + static_cast<std::uint64_t>(*p - '0');
    zeros = 0;
  }
  if (digits == 0) return 0;
  const auto exponent = p != end && (*p == 'e' || *p == 'E') ? exponent_of(p + 1, end) : 0;
  const auto power = exponent - decimals + zeros;
  if (power < 0) return std::nullopt;
  const auto magnitude = scaled(digits, power);
  if (!magnitude) return std::nullopt;
  const auto value = static_cast<std::int64_t>(*magnitude);
  return negative ? -value : value;
}

}  // namespace tidemark::json
