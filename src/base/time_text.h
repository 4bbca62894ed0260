// Moments as text: RFC 3339, the form in which records, logs and people write them. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/base/record.h"

namespace tidemark {

/// "2026-11-25T22:00:00.123Z": UTC, always with milliseconds. Years before 0 or after 9999 have no such text: the
/// nearest moment that has one is written.
[[nodiscard]] std::string time_text(TimeMs time);

/// Reads what RFC 3339 section 5.6 allows: any number of digits of a second's fraction (those behind milliseconds are
/// cut off), 'Z' or an offset such as "+02:00", in upper or lower case, and a blank instead of the 'T'. Nothing for
/// anything else, and for dates that do not exist. A leap second is the second after it.
[[nodiscard]] std::optional<TimeMs> parse_time(std::string_view text);

}  // namespace tidemark
