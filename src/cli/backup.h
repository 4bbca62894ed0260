// `tidemark backup`: copies a log, also one that is served.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int backup(const CommandOptions& options);

}  // namespace tidemark::cli
