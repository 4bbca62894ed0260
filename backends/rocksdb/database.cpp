#include "backends/rocksdb/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/listener.h>

#include <utility>

#include "backends/rocksdb/status.h"

namespace tidemark::rocks {

/// RocksDB reports a write-ahead log that could not be written and one that could not be flushed alike, but after the
/// first the commit is surely not in the file, after the second it may be.
class Database::FlushWatch final : public rocksdb::EventListener {
 public:
  bool ShouldBeNotifiedOnFileIO() override { return true; }
  void OnIOError(const rocksdb::IOErrorInfo& error) override {
    const bool flush = error.operation == rocksdb::FileOperationType::kSync ||
                       error.operation == rocksdb::FileOperationType::kFsync ||
                       error.operation == rocksdb::FileOperationType::kRangeSync;
    if (flush && error.file_path.ends_with(".log")) failed_ = true;
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::atomic<bool> failed_ = false;
};

Database::Database(std::filesystem::path directory)
    : directory_(std::move(directory)), flush_watch_(std::make_shared<FlushWatch>()) {}

Database::~Database() {
  if (!db_) return;
  for (auto* family : families_) static_cast<void>(db_->DestroyColumnFamilyHandle(family));
  // A failure was reported by what failed. Everything acknowledged is in the write-ahead log.
  static_cast<void>(db_->Close());
}

Result<std::unique_ptr<Database>> Database::create(const std::filesystem::path& directory, rocksdb::Env* env,
                                                   std::size_t record_buffer_bytes) {
  auto options = database_options(Recovery::strict, env);
  options.create_if_missing = true;
  options.error_if_exists = true;
  options.create_missing_column_families = true;
  return open(directory, std::move(options), record_buffer_bytes, false);
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& directory, Recovery recovery,
                                                 rocksdb::Env* env, std::size_t record_buffer_bytes) {
  return open(directory, database_options(recovery, env), record_buffer_bytes, false);
}

Result<std::unique_ptr<Database>> Database::look(const std::filesystem::path& directory, rocksdb::Env* env) {
  return open(directory, database_options(Recovery::salvage, env), kRecordBufferBytes, true);
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& directory, rocksdb::DBOptions options,
                                                 std::size_t record_buffer_bytes, bool read_only) {
  std::unique_ptr<Database> database(new Database(directory));
  options.listeners.push_back(database->flush_watch_);
  const auto cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  const std::vector<rocksdb::ColumnFamilyDescriptor> families{
      {rocksdb::kDefaultColumnFamilyName, meta_options()},
      {"records", record_options(cache, database->record_filter_, record_buffer_bytes)},
      {"segments", segment_options(cache, database->segment_filter_)},
  };
  rocksdb::DB* db = nullptr;
  const auto status =
      read_only ? rocksdb::DB::OpenForReadOnly(options, directory.string(), families, &database->families_, &db)
                : rocksdb::DB::Open(options, directory.string(), families, &database->families_, &db);
  if (!status.ok()) return failure(status, "open", directory);
  database->db_.reset(db);
  return database;
}

Result<void> Database::flush_later() {
  rocksdb::FlushOptions options;
  options.wait = false;
  const auto status = db_->Flush(options, families_);
  if (!status.ok()) return failure(status, "flush", directory_);
  return {};
}

bool Database::log_flush_failed() const { return flush_watch_->failed(); }

}  // namespace tidemark::rocks
