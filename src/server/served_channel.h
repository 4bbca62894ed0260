// Which names are channels of this server: those that match the configured patterns and can be said in one line. Pure.
#pragma once

#include <string_view>

#include "src/config/options.h"

namespace tidemark {

inline constexpr std::string_view kChannelNameRule =
    "a channel's name: it begins with '/', has no control characters and at most 255 bytes";

/// Whether a channel may have this name at all. A control character could forge a packet's end in a poll (U+001E) or a
/// line for whoever reads the log.
[[nodiscard]] bool is_channel_name(std::string_view name);

/// Whether it is one of this server's.
[[nodiscard]] bool is_served_channel(const ServeOptions& options, std::string_view name);

}  // namespace tidemark
