// The epoch: the random identity of a log.
//
// Two logs may both have an offset 17; they are different records. A position therefore names the epoch too
// ("3f9c2a7be01d4c58.17"), and a server recognises a position of another log instead of trusting it. A log gets a new
// epoch whenever its history may have changed (restored from an older copy, repaired with loss).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

class Epoch {
 public:
  /// Of no log. Where a log's own epoch cannot be read this stands for it.
  constexpr Epoch() = default;
  constexpr explicit Epoch(std::uint64_t value) : value_(value) {}

  /// A fresh identity from the kernel's random source. Throws std::runtime_error if there is none (start-up only).
  [[nodiscard]] static Epoch random();

  /// 16 lower-case hexadecimal digits; of Epoch() "unreadable", which parse() takes for none.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<Epoch> parse(std::string_view text);

  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  friend constexpr auto operator<=>(Epoch, Epoch) = default;

 private:
  std::uint64_t value_ = 0;
};

}  // namespace tidemark
