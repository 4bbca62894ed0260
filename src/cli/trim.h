// `tidemark trim`: removes the oldest records of a log.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int trim(const CommandOptions& options);

}  // namespace tidemark::cli
