// The SQLite engine: one file that people can read with the sqlite3 shell, see schema.h.
//
// The directory belongs to one process at a time; whoever opens the store has made sure of that.
#pragma once

#include <memory>

#include "backends/store_options.h"
#include "src/base/error.h"
#include "src/log/log_store.h"

namespace tidemark {

/// Pages in the write-ahead log from which on a commit moves them into the file: 16 MB. Fewer cost throughput, more
/// cost disk and a longer pause (measured: 1,000, 4,000 and 16,000).
inline constexpr int kCheckpointPages = 4'000;

/// Opens DIRECTORY/tidemark.sqlite3, or creates it.
[[nodiscard]] Result<std::unique_ptr<LogStore>> open_sqlite_store(const StoreOptions& options,
                                                                  int checkpoint_pages = kCheckpointPages);

}  // namespace tidemark
