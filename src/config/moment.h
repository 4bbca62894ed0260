// Moments in time as people write them to commands: "10m" or "1h30m" (ago), "2026-01-02", "2026-01-02T15:04",
// "2026-01-02 15:04:05.123", "now", "today", "yesterday", "06:00". A time may end in Z or +01:00; without, it is this
// machine's local time. A time of day is the last one that was: at 05:00, "06:00" is yesterday's, as what is asked of a log
// or trimmed from it is past. Pure but for the time zone; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "src/base/record.h"

namespace tidemark {

/// `now` is what "10m" is counted from.
[[nodiscard]] std::optional<TimeMs> parse_moment(std::string_view text, TimeMs now);

/// Empty if `text` is one, else what is wrong with it.
[[nodiscard]] std::string_view why_no_moment(std::string_view text);

}  // namespace tidemark
