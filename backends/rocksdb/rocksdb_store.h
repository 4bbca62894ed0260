// The RocksDB engine: for logs that grow fast, should stay small on disk, and are not to be read with a shell.
//
// On disk, see directory.h for the files and database.h for what is in them; what RocksDB is told and why, options.h.
// The directory belongs to one process at a time; whoever opens the store has made sure of that.
#pragma once

#include <cstddef>
#include <memory>

#include "backends/rocksdb/options.h"
#include "backends/store_options.h"
#include "src/base/error.h"
#include "src/log/log_store.h"

namespace rocksdb {
class Env;
}

namespace tidemark {

/// Opens DIRECTORY/rocksdb/, or creates it. Tests may give RocksDB another environment, whose files fail and which must
/// outlive the store, and a smaller buffer of records, so that a few of them reach the disk as tables.
[[nodiscard]] Result<std::unique_ptr<LogStore>> open_rocksdb_store(
    const StoreOptions& options, rocksdb::Env* env = nullptr,
    std::size_t record_buffer_bytes = rocks::kRecordBufferBytes);

}  // namespace tidemark
