// `tidemark import`: makes a new log of an exported one.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int import_log(const CommandOptions& options);

}  // namespace tidemark::cli
