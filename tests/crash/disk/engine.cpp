#include "tests/crash/disk/engine.h"

#include <stdexcept>
#include <string>

#include "backends/rocksdb/rocksdb_store.h"
#include "backends/sqlite/sqlite_store.h"

namespace tidemark::crash {

std::vector<std::string_view> durable_engines() { return {"sqlite", "rocksdb"}; }

Result<std::unique_ptr<LogStore>> open_engine(std::string_view engine, const std::filesystem::path& directory,
                                              Epoch epoch_if_new) {
  // The free-space guard would only see the machine's disk, not the simulated one.
  const StoreOptions options{.directory = directory, .epoch_if_new = epoch_if_new, .free_bytes_min = 0};
  if (engine == "sqlite") return open_sqlite_store(options, 40);
  if (engine == "rocksdb") return open_rocksdb_store(options, nullptr, 64 * limits::kKiB);
  throw std::invalid_argument("no such durable engine: " + std::string(engine));
}

}  // namespace tidemark::crash
