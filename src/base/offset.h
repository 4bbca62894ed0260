// The offset of a record: its place in the log.
//
// Offsets are 1-based, strictly increasing over the whole log (not per channel), never reused, and stay below 2^53 so
// that a JavaScript number carries them exactly. Offset 0 means "before the first record": a cursor that has seen
// nothing. Example: a client that last processed offset 17 is owed 18 and everything after it in its channel.
#pragma once

#include <compare>
#include <cstdint>

namespace tidemark {

class Offset {
 public:
  constexpr Offset() = default;
  constexpr explicit Offset(std::uint64_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  [[nodiscard]] constexpr Offset next() const { return Offset(value_ + 1); }
  [[nodiscard]] constexpr Offset previous() const { return Offset(value_ == 0 ? 0 : value_ - 1); }

  friend constexpr auto operator<=>(Offset, Offset) = default;

  /// The largest offset that a JavaScript number carries exactly (2^53 - 1).
  static constexpr std::uint64_t kMax = (std::uint64_t{1} << 53) - 1;

 private:
  std::uint64_t value_ = 0;
};

}  // namespace tidemark
