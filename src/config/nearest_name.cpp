#include "src/config/nearest_name.h"

#include <algorithm>
#include <string>
#include <vector>

namespace tidemark {
namespace {

constexpr std::size_t kLongestInput = 64;   // longer ones are no mistyped name
constexpr std::size_t kShortestPrefix = 3;  // of a name, to count as meant

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = '-';
  }
  return out;
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view input, std::span<const std::string_view> names) {
  if (input.empty() || input.size() > kLongestInput) return std::nullopt;
  const std::string typed = folded(input);
  const auto begins = std::ranges::find_if(
      names, [&](std::string_view name) { return typed.size() >= kShortestPrefix && folded(name).starts_with(typed); });
  if (begins != names.end()) return *begins;
  std::optional<std::string_view> best;
  std::size_t best_distance = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const auto name : names) {
    const std::size_t d = distance(typed, folded(name));
    if (d < best_distance) {
      best = name;
      best_distance = d;
    }
  }
  return best;
}

}  // namespace tidemark
