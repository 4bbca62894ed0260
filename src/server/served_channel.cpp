#include "src/server/served_channel.h"

#include "src/config/channel_pattern.h"

namespace tidemark {

bool is_served_channel(const ServeOptions& options, std::string_view name) {
  return is_channel_name(name) && channel_matches(options.channels, name);
}

}  // namespace tidemark
