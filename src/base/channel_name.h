// Whether a channel may have this name at all. A control character could forge a packet's end in a poll (U+001E) or a line for
// whoever reads the log. Pure.
#pragma once

#include <algorithm>
#include <string_view>

#include "src/base/limits.h"

namespace tidemark {

inline constexpr std::string_view kChannelNameRule =
    "a channel's name: it begins with '/', has no control characters and at most 255 bytes";

[[nodiscard]] constexpr bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

[[nodiscard]] constexpr bool is_channel_name(std::string_view name) {
  return name.starts_with('/') && name.size() <= limits::kChannelNameBytes && !has_control_characters(name);
}

}  // namespace tidemark
