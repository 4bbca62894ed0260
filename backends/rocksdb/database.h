// The open database: RocksDB's handles as one resource, with all that must outlive them.
//
// Three column families, each growing in key order only (but meta, which is small):
//
//   default    meta: epoch, next_offset, trimmed_before, and per channel that lost records the newest one, as text
//   records    offset -> record (record_encoding.h)
//   segments   segment, row -> encoded key hashes, or encoded offsets of a channel (index_segment.h)
//
// Any thread may read. One thread writes.
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "backends/rocksdb/options.h"
#include "backends/rocksdb/rebuilt_directory.h"
#include "backends/rocksdb/watermark.h"
#include "src/base/error.h"

namespace tidemark::rocks {

class Database {
 public:
  /// Creates it in a directory without one.
  [[nodiscard]] static Result<std::unique_ptr<Database>> create(const std::filesystem::path& directory,
                                                                rocksdb::Env* env, std::size_t record_buffer_bytes);
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& directory, Recovery recovery,
                                                              rocksdb::Env* env, std::size_t record_buffer_bytes);
  /// Before it is opened: the write-ahead log of a process that died may be in the kernel's cache only. Opening notes
  /// what it read of it, and were the log torn by a power cut after that, it would be refused.
  [[nodiscard]] static Result<void> flush_logs(const std::filesystem::path& directory);
  /// For reading only: changes nothing in the directory, and takes no lock.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open_read_only(const std::filesystem::path& directory,
                                                                        Recovery recovery, rocksdb::Env* env);
  /// Likewise, where RocksDB's own list of its files is damaged: what its tables and write-ahead logs hold, as far as they
  /// can be read. What is missing is not noticed by RocksDB.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open_rebuilt(const std::filesystem::path& directory,
                                                                      Recovery recovery, rocksdb::Env* env);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  /// Waits for what runs in the background. Nobody may be reading any more.
  ~Database();

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() const { return families_[0]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* records() const { return families_[1]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* segments() const { return families_[2]; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] Watermark& watermark() { return watermark_; }
  [[nodiscard]] const Watermark& watermark() const { return watermark_; }

  /// Moves what is in memory into tables, and waits until they are durable.
  [[nodiscard]] Result<void> write_tables();

  /// Moves what was read from the write-ahead log into tables, and waits until they are durable. The log's own bytes may
  /// not be: the process that wrote them died before it could flush them, or its flush failed, in which case flushing
  /// them again would prove nothing. Where there is no room for tables the log is flushed all the same.
  [[nodiscard]] Result<void> settle();

  /// A flush of the write-ahead log failed since it was opened: it may hold a commit that was reported as failed.
  [[nodiscard]] bool log_flush_failed() const;

 private:
  class FlushWatch;
  Database(std::filesystem::path directory, rocksdb::Env* env);
  enum class Access : std::uint8_t { write, read };
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& directory,
                                                              rocksdb::DBOptions options, rocksdb::Env* env,
                                                              std::size_t record_buffer_bytes, Access access);
  [[nodiscard]] std::vector<rocksdb::ColumnFamilyDescriptor> families(std::size_t record_buffer_bytes,
                                                                      Access access) const;
  /// `files` is where RocksDB finds them.
  [[nodiscard]] Result<void> open_files(const std::filesystem::path& files, rocksdb::DBOptions options,
                                        const std::vector<rocksdb::ColumnFamilyDescriptor>& families, Access access);

  const std::filesystem::path directory_;
  const std::unique_ptr<rocksdb::Env> files_;
  std::unique_ptr<RebuiltDirectory> rebuilt_;  // if it was opened there
  Watermark watermark_;
  const RecordFilter record_filter_{watermark_};
  const SegmentFilter segment_filter_{watermark_};
  const std::shared_ptr<FlushWatch> flush_watch_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace tidemark::rocks
