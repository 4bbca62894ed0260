// Values of options as people write them, and back: durations ("25000", "25s", "1h30m"), sizes ("1MB", "64KiB") and plain
// numbers. What `*_text` writes, `parse_*` reads back as the same value. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/clock.h"

namespace tidemark {

/// Decimal digits only: no sign, blank or fraction. Nothing if it is no number or does not fit.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

/// A number of milliseconds, or numbers with a unit each, which are added: ms, s, m or min, h, d, w in any case.
[[nodiscard]] std::optional<Millis> parse_duration(std::string_view text);
/// For who wrote one that is none: "a number with ms, s, m, h or d behind it, or of milliseconds alone".
[[nodiscard]] std::string duration_form();
/// With the largest unit that leaves a whole number: "25s", "1500ms", "0ms".
[[nodiscard]] std::string duration_text(Millis duration);

/// A number of bytes, or one with a unit in any case: B, kB, MB, GB (powers of 1000), KiB, MiB, GiB (powers of 1024).
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);
/// As duration_form().
[[nodiscard]] std::string bytes_form();
/// With the largest unit that leaves a whole number: "1MB", "64KiB", "1500B".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

}  // namespace tidemark
