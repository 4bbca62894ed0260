// The RocksDB engine: for logs that grow fast, should stay small on disk, and are not to be read with a shell.
//
// On disk, see directory.h for the files and database.h for what is in them; what RocksDB is told and why, options.h.
// The directory belongs to one process at a time; whoever opens the store has made sure of that.
#pragma once

#include <memory>

#include "backends/store_options.h"
#include "src/base/error.h"
#include "src/log/log_store.h"

namespace rocksdb {
class Env;
}

namespace tidemark {

/// Opens DIRECTORY/rocksdb/, or creates it. Tests may give RocksDB another environment, whose files fail; it must
/// outlive the store.
[[nodiscard]] Result<std::unique_ptr<LogStore>> open_rocksdb_store(const StoreOptions& options,
                                                                   rocksdb::Env* env = nullptr);

}  // namespace tidemark
