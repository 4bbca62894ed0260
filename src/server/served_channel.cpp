#include "src/server/served_channel.h"

#include <algorithm>

#include "src/base/limits.h"
#include "src/config/channel_pattern.h"

namespace tidemark {

bool is_channel_name(std::string_view name) {
  const auto printable = [](unsigned char c) { return c >= 0x20 && c != 0x7f; };
  return name.starts_with('/') && name.size() <= limits::kChannelNameBytes && std::ranges::all_of(name, printable);
}

bool is_served_channel(const ServeOptions& options, std::string_view name) {
  return is_channel_name(name) && channel_matches(options.channels, name);
}

}  // namespace tidemark
