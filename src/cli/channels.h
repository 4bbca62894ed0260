// `tidemark channels`: the channels of a log, with what each holds.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int channels(const CommandOptions& options);

}  // namespace tidemark::cli
