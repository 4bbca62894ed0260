// The bounds of one server that guard it as a whole; their values stand in limits.h. Arguments so that tests need no
// hundred thousand connections to meet one. Constant while the server runs.
#pragma once

#include <cstddef>

#include "src/base/limits.h"

namespace tidemark {

struct ServerBounds {
  std::size_t connections = limits::kConnections;  // of all I/O threads together, as the next one
  std::size_t sessions = limits::kEngineSessions;
  std::size_t channels = limits::kChannels;  // of each I/O thread
};

}  // namespace tidemark
