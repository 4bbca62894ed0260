// `tidemark serve`: options, data directory, store, log, server, signals. Main's thread.
#pragma once

#include "src/config/options.h"

namespace tidemark::cli {

/// Returns the exit status.
[[nodiscard]] int serve(const ServeOptions& options);

}  // namespace tidemark::cli
