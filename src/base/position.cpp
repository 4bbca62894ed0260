#include "src/base/position.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <charconv>
#include <stdexcept>

namespace tidemark {
namespace {
constexpr std::size_t kEpochDigits = 16;
constexpr std::string_view kUnreadable = "unreadable";
}  // namespace

Epoch Epoch::random() {
  std::uint64_t value = 0;
  while (value == 0) {
    if (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
      throw std::runtime_error("no random numbers from the kernel (getrandom failed)");
    }
  }
  return Epoch(value);
}

std::string Epoch::text() const { return value_ == 0 ? std::string(kUnreadable) : fmt::format("{:016x}", value_); }

std::optional<Epoch> Epoch::parse(std::string_view text) {
  if (text.size() != kEpochDigits) return std::nullopt;
  for (const char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return std::nullopt;
  }
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (value == 0) return std::nullopt;
  return Epoch(value);
}

std::string Position::text() const { return fmt::format("{}.{}", epoch.text(), offset.value()); }

std::optional<Position> Position::parse(std::string_view text) {
  if (text.size() < kEpochDigits + 2 || text[kEpochDigits] != '.') return std::nullopt;
  const auto epoch = Epoch::parse(text.substr(0, kEpochDigits));
  const auto digits = text.substr(kEpochDigits + 1);
  if (!epoch || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value > Offset::kMax) return std::nullopt;
  return Position{*epoch, Offset(value)};
}

}  // namespace tidemark
