#include "src/config/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace tidemark {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Both in the order in which the writers try them: the largest first, the unit itself last.
constexpr std::array kDurations = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000},
                                   Unit{"ms", 1}};
// Read, but never written.
constexpr std::array kOtherDurations = {Unit{"w", 604'800'000}, Unit{"min", 60'000}};
constexpr std::array kSizes = {Unit{"GiB", 1ULL << 30},
                               Unit{"GB", 1'000'000'000},
                               Unit{"MiB", 1ULL << 20},
                               Unit{"MB", 1'000'000},
                               Unit{"KiB", 1ULL << 10},
                               Unit{"kB", 1000},
                               Unit{"B", 1}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

constexpr std::string_view kDigits = "0123456789";

/// 0: there is none of this name.
std::uint64_t factor_of(std::string_view name, std::span<const Unit> units, std::span<const Unit> others = {}) {
  for (const auto known : {units, others}) {
    const auto unit = std::ranges::find_if(known, [&](const Unit& u) { return same_ignoring_case(u.name, name); });
    if (unit != known.end()) return unit->factor;
  }
  return 0;
}

std::optional<std::uint64_t> multiplied(std::optional<std::uint64_t> number, std::uint64_t factor) {
  if (!number || factor == 0 || *number > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
  return *number * factor;
}

std::string form(std::string_view alone, std::span<const Unit> units) {
  std::string names(units.back().name);
  for (auto unit = units.rbegin() + 1; unit != units.rend(); ++unit) {
    names += unit + 1 == units.rend() ? " or " : ", ";
    names += unit->name;
  }
  return fmt::format("a number with {} behind it, or of {} alone", names, alone);
}

std::string text_with_unit(std::uint64_t value, std::span<const Unit> units) {
  const auto fits = [&](const Unit& u) { return u.factor == 1 || (value != 0 && value % u.factor == 0); };
  const auto unit = std::ranges::find_if(units, fits);
  return fmt::format("{}{}", value / unit->factor, unit->name);
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Millis> parse_duration(std::string_view text) {
  constexpr auto kMost = static_cast<std::uint64_t>(Millis::max().count());
  std::uint64_t sum = 0;
  if (const auto alone = parse_number(text)) {
    sum = *alone;
    text = {};
  } else if (text.empty()) {
    return std::nullopt;
  }
  while (!text.empty() && sum <= kMost) {
    const auto digits = text.substr(0, text.find_first_not_of(kDigits));
    text.remove_prefix(digits.size());
    const auto unit = text.substr(0, text.find_first_of(kDigits));
    text.remove_prefix(unit.size());
    const auto part = multiplied(parse_number(digits), factor_of(unit, kDurations, kOtherDurations));
    if (!part || *part > kMost) return std::nullopt;
    sum += *part;
  }
  return sum <= kMost ? std::optional(Millis(sum)) : std::nullopt;
}

std::string duration_form() { return form("milliseconds", kDurations); }

std::string duration_text(Millis duration) {
  return text_with_unit(static_cast<std::uint64_t>(duration.count()), kDurations);
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const auto digits = text.substr(0, text.find_first_not_of(kDigits));
  const auto unit = text.substr(digits.size());
  return multiplied(parse_number(digits), unit.empty() ? 1 : factor_of(unit, kSizes));
}

std::string bytes_form() { return form("bytes", kSizes); }

std::string bytes_text(std::uint64_t bytes) { return text_with_unit(bytes, kSizes); }

}  // namespace tidemark
