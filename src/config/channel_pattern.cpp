#include "src/config/channel_pattern.h"

#include <algorithm>

#include "src/base/limits.h"

namespace tidemark {

bool channel_matches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with("/*")) return pattern == name;
  const auto folder = pattern.substr(0, pattern.size() - 1);
  return name.size() > folder.size() && name.starts_with(folder);
}

bool channel_matches(std::span<const std::string> patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [&](std::string_view pattern) { return channel_matches(pattern, name); });
}

std::string_view why_no_channel_pattern(std::string_view pattern) {
  if (!pattern.starts_with('/')) return "a channel must start with '/'";
  if (pattern.size() > limits::kChannelNameBytes) return "a channel's name must not be longer than 255 bytes";
  // Socket.IO protocol v5, "Packet encoding": a comma ends the namespace; a '?' starts its query.
  if (pattern.find_first_of(",?") != std::string_view::npos) return "a channel must not contain ',' or '?'";
  const auto star = pattern.find('*');
  if (star != std::string_view::npos && (star + 1 != pattern.size() || pattern[star - 1] != '/')) {
    return "'*' must be the whole last part, as in /chat/*";
  }
  return {};
}

}  // namespace tidemark
