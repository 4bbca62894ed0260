// `tidemark export`: writes a whole log as JSON lines.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int export_log(const CommandOptions& options);

}  // namespace tidemark::cli
