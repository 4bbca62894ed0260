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
constexpr std::array kSizes = {Unit{"GiB", 1ULL << 30},
                               Unit{"GB", 1'000'000'000},
                               Unit{"MiB", 1ULL << 20},
                               Unit{"MB", 1'000'000},
                               Unit{"KiB", 1ULL << 10},
                               Unit{"kB", 1000},
                               Unit{"B", 1}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  const auto digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
  const auto number = parse_number(digits);
  if (!number) return std::nullopt;
  const auto unit_name = text.substr(digits.size());
  if (unit_name.empty()) return number;
  const auto unit = std::ranges::find_if(units, [&](const Unit& u) { return same_ignoring_case(u.name, unit_name); });
  if (unit == units.end() || *number > std::numeric_limits<std::uint64_t>::max() / unit->factor) return std::nullopt;
  return *number * unit->factor;
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
  const auto value = parse_with_unit(text, kDurations);
  if (!value || *value > static_cast<std::uint64_t>(Millis::max().count())) return std::nullopt;
  return Millis(*value);
}

std::string duration_form() { return form("milliseconds", kDurations); }

std::string duration_text(Millis duration) {
  return text_with_unit(static_cast<std::uint64_t>(duration.count()), kDurations);
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) { return parse_with_unit(text, kSizes); }

std::string bytes_form() { return form("bytes", kSizes); }

std::string bytes_text(std::uint64_t bytes) { return text_with_unit(bytes, kSizes); }

}  // namespace tidemark
