// `tidemark stats`: what a server does, once or as a live view.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int stats(const CommandOptions& options);

}  // namespace tidemark::cli
