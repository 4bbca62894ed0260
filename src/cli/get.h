// `tidemark get`: one record, whole.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int get(const CommandOptions& options);

}  // namespace tidemark::cli
