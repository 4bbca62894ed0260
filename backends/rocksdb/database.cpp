#include "backends/rocksdb/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <system_error>
#include <utility>

#include "backends/flush_directory.h"
#include "backends/rocksdb/checked_files.h"
#include "backends/rocksdb/status.h"

namespace tidemark::rocks {
namespace {

/// In place of RocksDB's notes, which are a file in the directory.
class Silence final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, std::va_list /*arguments*/) override {}
};

}  // namespace

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
  /// RocksDB would look every few seconds whether there is room again, and go on. The next append does (RocksdbStore), by
  /// opening it again; nothing happens behind its back.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* recovers_itself) override {
    *recovers_itself = false;
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::atomic<bool> failed_ = false;
};

Database::Database(std::filesystem::path directory, rocksdb::Env* env)
    : directory_(std::move(directory)), files_(checked_files(env)), flush_watch_(std::make_shared<FlushWatch>()) {}

Database::~Database() {
  if (!db_) return;
  for (auto* family : families_) static_cast<void>(db_->DestroyColumnFamilyHandle(family));
  // A failure was reported by what failed. Everything acknowledged is in the write-ahead log.
  static_cast<void>(db_->Close());
}

Result<std::unique_ptr<Database>> Database::create(const std::filesystem::path& directory, rocksdb::Env* env,
                                                   std::size_t record_buffer_bytes) {
  auto options = database_options(Recovery::strict);
  options.create_if_missing = true;
  options.error_if_exists = true;
  options.create_missing_column_families = true;
  return open(directory, std::move(options), env, record_buffer_bytes, Access::write);
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& directory, Recovery recovery,
                                                 rocksdb::Env* env, std::size_t record_buffer_bytes) {
  return open(directory, database_options(recovery), env, record_buffer_bytes, Access::write);
}

Result<std::unique_ptr<Database>> Database::open_read_only(const std::filesystem::path& directory, Recovery recovery,
                                                           rocksdb::Env* env) {
  auto options = database_options(recovery);
  options.info_log = std::make_shared<Silence>();
  return open(directory, std::move(options), env, kRecordBufferBytes, Access::read);
}

Result<std::unique_ptr<Database>> Database::open_rebuilt(const std::filesystem::path& directory, Recovery recovery,
                                                         rocksdb::Env* env) {
  std::unique_ptr<Database> database(new Database(directory, env));
  auto options = database_options(recovery);
  options.env = database->files_.get();
  options.info_log = std::make_shared<Silence>();
  auto families = database->families(kRecordBufferBytes, Access::read);
  for (auto& family : families) family.options.disable_auto_compactions = true;  // it will be read once
  auto rebuilt = RebuiltDirectory::make(directory, options, families);
  if (!rebuilt) return std::unexpected(rebuilt.error());
  database->rebuilt_ = std::move(*rebuilt);
  const auto opened = database->open_files(database->rebuilt_->path(), std::move(options), families, Access::read);
  if (!opened) return std::unexpected(opened.error());
  return database;
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& directory, rocksdb::DBOptions options,
                                                 rocksdb::Env* env, std::size_t record_buffer_bytes, Access access) {
  std::unique_ptr<Database> database(new Database(directory, env));
  options.env = database->files_.get();
  const auto opened =
      database->open_files(directory, std::move(options), database->families(record_buffer_bytes, access), access);
  if (!opened) return std::unexpected(opened.error());
  return database;
}

std::vector<rocksdb::ColumnFamilyDescriptor> Database::families(std::size_t record_buffer_bytes, Access access) const {
  const auto cache = rocksdb::NewLRUCache(access == Access::write ? kBlockCacheBytes : kLookerCacheBytes);
  return {
      {rocksdb::kDefaultColumnFamilyName, meta_options()},
      {"records", record_options(cache, record_filter_, record_buffer_bytes)},
      {"segments", segment_options(cache, segment_filter_)},
  };
}

Result<void> Database::open_files(const std::filesystem::path& files, rocksdb::DBOptions options,
                                  const std::vector<rocksdb::ColumnFamilyDescriptor>& families, Access access) {
  options.listeners.push_back(flush_watch_);
  rocksdb::DB* db = nullptr;
  const auto status = access == Access::write
                          ? rocksdb::DB::Open(options, files.string(), families, &families_, &db)
                          : rocksdb::DB::OpenForReadOnly(options, files.string(), families, &families_, &db, false);
  if (!status.ok()) return failure(status, "open", directory_);
  db_.reset(db);
  return {};
}

Result<void> Database::flush_logs(const std::filesystem::path& directory) {
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() != ".log") continue;
    const int descriptor = ::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC);
    const bool flushed = descriptor >= 0 && ::fdatasync(descriptor) == 0;
    if (!flushed) error.assign(errno, std::generic_category());
    if (descriptor >= 0) ::close(descriptor);
    if (!flushed) break;
  }
  if (!error) return flush_directory(directory);
  return fail(ErrorCode::io, fmt::format("cannot flush the write-ahead log in {}: {}; check the disk",
                                         directory.string(), error.message()));
}

Result<void> Database::write_tables() {
  const auto status = db_->Flush(rocksdb::FlushOptions(), families_);
  if (!status.ok()) return failure(status, "flush", directory_);
  return {};
}

Result<void> Database::settle() {
  auto written = write_tables();
  if (written || written.error().code != ErrorCode::out_of_space) return written;
  return flush_logs(directory_);
}

bool Database::log_flush_failed() const { return flush_watch_->failed(); }

}  // namespace tidemark::rocks
