// `tidemark migrate`: makes a new log of another one, on any engine.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int migrate(const CommandOptions& options);

}  // namespace tidemark::cli
