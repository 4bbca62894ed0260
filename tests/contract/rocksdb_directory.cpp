#include "tests/contract/rocksdb_directory.h"

#include <algorithm>
#include <chrono>

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
  auto opened = rocks::Database::open(database(), rocks::Recovery::strict, nullptr, rocks::kRecordBufferBytes);
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
  const auto sizes = [&] {
    std::map<std::string, std::uintmax_t> result;
    std::error_code gone;
    for (auto entry = std::filesystem::recursive_directory_iterator(path(), gone);
         !gone && entry != std::filesystem::recursive_directory_iterator(); entry.increment(gone)) {
      if (entry->is_regular_file(gone)) result.emplace(entry->path().string(), entry->file_size(gone));
    }
    return result;
  };
  // RocksDB may be flushing in the background. Files only grow, appear and go: where none did, the copy is of one moment.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (;;) {
    for (const auto& entry : std::filesystem::directory_iterator(other.path())) std::filesystem::remove_all(entry);
    const auto before = sizes();
    std::error_code failed;
    std::filesystem::copy(path(), other.path(), std::filesystem::copy_options::recursive, failed);
    if (!failed && sizes() == before) return;
    REQUIRE(std::chrono::steady_clock::now() < patience);
  }
}

}  // namespace tidemark::contract
