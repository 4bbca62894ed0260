// `tidemark info`: what log it is, how large, and who serves it.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int info(const CommandOptions& options);

}  // namespace tidemark::cli
