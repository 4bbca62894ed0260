// `tidemark verify`: reads the whole log of a data directory and says what is wrong with it; changes nothing.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int verify(const CommandOptions& options);

}  // namespace tidemark::cli
