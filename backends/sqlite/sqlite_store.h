// The SQLite engine: one file that people can read with the sqlite3 shell, see schema.h.
//
// The directory belongs to one process at a time; whoever opens the store has made sure of that.
#pragma once

#include <memory>

#include "backends/store_options.h"
#include "src/base/error.h"
#include "src/log/log_store.h"

namespace tidemark {

/// Opens DIRECTORY/tidemark.sqlite3, or creates it.
[[nodiscard]] Result<std::unique_ptr<LogStore>> open_sqlite_store(const StoreOptions& options);

}  // namespace tidemark
