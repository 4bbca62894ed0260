// Which names are channels of this server: those that match the configured patterns and can be said in one line. Pure.
#pragma once

#include <string_view>

#include "src/base/channel_name.h"
#include "src/config/options.h"

namespace tidemark {

/// Whether it is one of this server's.
[[nodiscard]] bool is_served_channel(const ServeOptions& options, std::string_view name);

}  // namespace tidemark
