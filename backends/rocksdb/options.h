// Every RocksDB option that is not RocksDB's default, each with its reason in options.cpp. Nothing is set elsewhere.
//
// Memory: the buffers of unflushed records, index rows and meta (3 x 21 MiB), the cache of blocks, which also holds the
// files' indexes (64 MiB), and the open files' footers and properties (512 of about 10 KiB): at most 132 MiB, however
// large the log. What a compaction holds comes to a few MiB for as long as it runs.
#pragma once

#include <rocksdb/options.h>

#include <cstddef>
#include <cstdint>

#include "backends/rocksdb/watermark.h"
#include "src/base/limits.h"

namespace tidemark::rocks {

inline constexpr std::size_t kRecordBufferBytes = 16 * limits::kMiB;
inline constexpr std::size_t kSegmentBufferBytes = 4 * limits::kMiB;
inline constexpr std::size_t kMetaBufferBytes = 1 * limits::kMiB;
inline constexpr int kBuffers = 3;  // per column family: one is written, two may wait to be flushed
inline constexpr std::size_t kBlockCacheBytes = 64 * limits::kMiB;
inline constexpr std::size_t kLookerCacheBytes = 8 * limits::kMiB;  // of who opens it only to read it, mostly once
inline constexpr int kOpenFiles = 512;
inline constexpr std::uint64_t kWriteAheadBytes = kBuffers * (kRecordBufferBytes + kSegmentBufferBytes);

/// Free on the disk, below which nothing is appended: Debian's RocksDB is built with assertions, and at a full disk one
/// of them ends the process (measured on ext4). What an append may still cause must fit: two generations of buffers to
/// be flushed into tables, while the write-ahead logs of the same records are still there; the next of these, for which
/// RocksDB reserves a tenth more than the largest buffer; and the batch itself. 68 MiB.
inline constexpr std::uint64_t kFreeBytesNeeded =
    (kBuffers - 1) * (kRecordBufferBytes + kSegmentBufferBytes + kMetaBufferBytes) + kRecordBufferBytes * 11 / 10 +
    limits::kBatchBytes;

/// And below which nothing is trimmed either, for the same reason: a trim writes a few hundred bytes, but the next
/// write-ahead log and a table of what is in memory may come with it.
inline constexpr std::uint64_t kFreeBytesToTrim = kRecordBufferBytes * 3 / 2;

enum class Recovery : std::uint8_t {
  strict,      // a write-ahead log that is damaged other than by a torn end is refused
  salvage,     // it counts up to the damage: acknowledged records may be missing
  everything,  // what is on both sides of the damage counts, and tables that cannot be read are in nobody's way. Only
  // for reading: what is missing is not noticed by RocksDB. Where the damaged part of a large batch is passed
  // over, RocksDB takes the rest of it for a batch, and opens nothing
};

[[nodiscard]] rocksdb::DBOptions database_options(Recovery recovery);

[[nodiscard]] rocksdb::ColumnFamilyOptions meta_options();
[[nodiscard]] rocksdb::ColumnFamilyOptions record_options(const std::shared_ptr<rocksdb::Cache>& cache,
                                                          const RecordFilter& filter, std::size_t buffer_bytes);
[[nodiscard]] rocksdb::ColumnFamilyOptions segment_options(const std::shared_ptr<rocksdb::Cache>& cache,
                                                           const SegmentFilter& filter);

/// A commit: durable when it returns.
[[nodiscard]] rocksdb::WriteOptions durable_write();
/// For a log in the making: in memory until the tables of all column families are written together.
[[nodiscard]] rocksdb::WriteOptions unlogged_write();

}  // namespace tidemark::rocks
