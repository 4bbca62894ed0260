// Sid: the Socket.IO id a client sees, 16 characters of base64url that stand for 12 random bytes. Every connection and
// every session that may come back has one or two, so it owns no memory of its own.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <string_view>

namespace tidemark {

class Sid {
 public:
  static constexpr std::size_t kBytes = 12;
  static constexpr std::size_t kChars = 16;

  Sid() = default;
  /// Precondition: kChars characters.
  explicit Sid(std::string_view text) { std::ranges::copy(text.substr(0, kChars), text_.begin()); }
  /// A fresh one from the kernel's random source.
  [[nodiscard]] static Sid random();

  [[nodiscard]] std::string_view text() const { return {text_.data(), text_.size()}; }
  friend bool operator==(const Sid&, const Sid&) = default;

 private:
  std::array<char, kChars> text_{};
};

/// Whoever chooses a sid cannot choose it freely: those in the table were random or carry our signature.
struct SidHash {
  [[nodiscard]] std::size_t operator()(const Sid& sid) const noexcept {
    return std::hash<std::string_view>()(sid.text());
  }
};

}  // namespace tidemark
