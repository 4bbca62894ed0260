// `tidemark tail`: shows records of a log, and follows it across restarts of its server.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int tail(const CommandOptions& options);

}  // namespace tidemark::cli
