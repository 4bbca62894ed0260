#include "backends/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "backends/memory/memory_store.h"
#include "backends/rocksdb/rocksdb_store.h"
#include "backends/sqlite/sqlite_store.h"

namespace tidemark {
namespace {

using namespace std::string_view_literals;

constexpr std::array kEngines{"sqlite"sv, "rocksdb"sv, "memory"sv};

}  // namespace

std::span<const std::string_view> store_engines() { return kEngines; }

Result<std::unique_ptr<LogStore>> open_store(std::string_view engine, const StoreOptions& options) {
  if (engine == "sqlite") return open_sqlite_store(options);
  if (engine == "rocksdb") return open_rocksdb_store(options);
  if (engine == "memory") return make_memory_store(options.epoch_if_new);
  return fail(ErrorCode::invalid_argument,
              fmt::format("there is no storage engine '{}'; choose one of: {}", engine, fmt::join(kEngines, ", ")));
}

}  // namespace tidemark
