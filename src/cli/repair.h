// `tidemark repair`: makes a sound log of what can be read of a damaged one, puts it in its place and keeps the damaged
// one beside it. The steps are those of src/log/salvage.h and src/config/log_swap.h.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int repair(const CommandOptions& options);

}  // namespace tidemark::cli
