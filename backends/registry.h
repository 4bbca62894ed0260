// The storage engines by name. The only place that knows all of them.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "backends/store_options.h"
#include "src/base/error.h"
#include "src/log/log_store.h"

namespace tidemark {

/// Names that open_store takes, the default first.
[[nodiscard]] std::span<const std::string_view> store_engines();

/// Opens or creates the log of that engine in the directory. Nothing is changed unless it succeeds.
/// Errors: invalid_argument (no such engine), foreign (not a database, another engine's or a newer format's directory),
/// corrupt, out_of_space, io (unreadable, not writable), not_found (to be read only, and not there). Each sentence says
/// what to do.
[[nodiscard]] Result<std::unique_ptr<LogStore>> open_store(std::string_view engine, const StoreOptions& options);

}  // namespace tidemark
