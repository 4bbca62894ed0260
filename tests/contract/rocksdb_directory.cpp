#include "tests/contract/rocksdb_directory.h"

#include <algorithm>

#include "backends/rocksdb/database.h"
#include "backends/rocksdb/rocksdb_store.h"

namespace tidemark::contract {

Result<std::unique_ptr<LogStore>> RocksdbDirectory::open(StoreOptions options, rocksdb::Env* env) const {
  options.directory = path();
  return open_rocksdb_store(options, env);
}

void RocksdbDirectory::fill(const std::vector<Record>& records) const {
  auto store = open();
  REQUIRE(store);
  append(**store, records);
  (*store)->close();
}

void RocksdbDirectory::flush() const {
  auto opened = rocks::Database::open(database(), rocks::Recovery::strict, nullptr);
  REQUIRE(opened);
  auto& database = **opened;
  REQUIRE(
      database.db().Flush(rocksdb::FlushOptions(), {database.meta(), database.records(), database.segments()}).ok());
}

std::vector<std::filesystem::path> RocksdbDirectory::files(std::string_view extension) const {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(database())) {
    if (entry.path().extension() == extension) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

std::map<std::string, std::string> RocksdbDirectory::contents() const {
  std::map<std::string, std::string> result;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path())) {
    const auto name = entry.path().filename().string();
    if (!entry.is_regular_file() || name == "LOG" || name.starts_with("LOG.old")) continue;
    result.emplace(entry.path().string(), content_of(entry.path()));
  }
  return result;
}

void RocksdbDirectory::copy_to(const RocksdbDirectory& other) const {
  std::filesystem::copy(path(), other.path(),
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
}

}  // namespace tidemark::contract
