// `tidemark append`: adds records to a log, also to one that is served.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int append(const CommandOptions& options);

}  // namespace tidemark::cli
