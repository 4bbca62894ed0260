#include "backends/rocksdb/options.h"

#include <rocksdb/cache.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <utility>

namespace tidemark::rocks {
namespace {

constexpr std::size_t kBlockBytes = 16 * limits::kKiB;
constexpr std::size_t kInfoLogBytes = 1 * limits::kMiB;
constexpr std::size_t kInfoLogs = 2;

rocksdb::ColumnFamilyOptions family_options(const std::shared_ptr<rocksdb::Cache>& cache, std::size_t buffer_bytes) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = buffer_bytes;
  options.max_write_buffer_number = kBuffers;

  // The fastest, or as fast as any, in every measurement; records come to 121 bytes instead of 199. zstd saves another
  // fifth and halves the speed of point reads.
  options.compression = rocksdb::kLZ4Compression;

  // Keys only ever grow, so a flushed file overlaps no other one and moves down by name, without being read. At once:
  // a trim can drop whole files, but not those of level 0.
  options.level0_file_num_compaction_trigger = 1;
  // Straight to the last level, which is one or two levels less for a seek to look at.
  options.level_compaction_dynamic_level_bytes = true;

  // With a compaction filter RocksDB would rewrite every file once in 30 days. A log does not change.
  options.ttl = 0;
  options.periodic_compaction_seconds = 0;

  // Every entry begins with the same byte for the next 2^56 records: insertion begins where the last one ended.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));

  rocksdb::BlockBasedTableOptions table;
  // Larger blocks compress better and need fewer index entries; smaller ones make point reads faster. 16 KiB: both well.
  table.block_size = kBlockBytes;
  table.block_cache = cache;
  // Indexes count as cached blocks: else they would grow with the log, outside of every bound.
  table.cache_index_and_filter_blocks = true;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::WALRecoveryMode recovery_mode(Recovery recovery) {
  switch (recovery) {
    case Recovery::strict: return rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    case Recovery::salvage: return rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    case Recovery::everything: return rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  }
  std::unreachable();
}

}  // namespace

rocksdb::DBOptions database_options(Recovery recovery) {
  rocksdb::DBOptions options;
  // A log that is damaged in the middle must not be taken for a shorter one (RocksDB's default does that, and loses
  // acknowledged records without a word). Only an end that a crash has torn is forgiven: it was never acknowledged.
  options.wal_recovery_mode = recovery_mode(recovery);
  options.paranoid_checks = recovery != Recovery::everything;
  // Recycled log files end in old records that look like damage, so RocksDB turns them off by itself in this mode; said
  // here so that nobody counts on them.
  options.recycle_log_file_num = 0;

  // All column families reach the disk together: a write-ahead log is either needed for all of them or for none, and a
  // salvaged one leaves no family ahead of the others.
  options.atomic_flush = true;
  // The bound on what a start after a crash reads. Normally the records' buffer is full long before.
  options.max_total_wal_size = kWriteAheadBytes;

  // First the log is compared with what was acknowledged; only then, before it is served, Database::settle moves what
  // was read from the write-ahead log into tables. A salvaged log is left behind at once.
  options.avoid_flush_during_recovery = recovery == Recovery::strict;

  // There is one writer. Insertion with a hint (below) needs to know.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;

  // Flushes and moves, one thread each: the service needs the cores.
  options.max_background_jobs = 2;
  // Tables reach the disk as they are written, not all at once at their end, where commits would wait behind them.
  options.bytes_per_sync = limits::kMiB;

  options.max_open_files = kOpenFiles;
  // It would read a block of every file at every start.
  options.skip_stats_update_on_db_open = true;

  // Two small files of warnings instead of a thousand of everything, and no statistics nobody asked for.
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.keep_log_file_num = kInfoLogs;
  options.max_log_file_size = kInfoLogBytes;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions meta_options() {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kMetaBufferBytes;
  options.max_write_buffer_number = kBuffers;
  options.compression = rocksdb::kNoCompression;  // a few hundred bytes
  rocksdb::BlockBasedTableOptions table;
  table.no_block_cache = true;  // read at start; its few losses are asked for once
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.ttl = 0;
  options.periodic_compaction_seconds = 0;
  return options;
}

rocksdb::ColumnFamilyOptions record_options(const std::shared_ptr<rocksdb::Cache>& cache, const RecordFilter& filter,
                                            std::size_t buffer_bytes) {
  auto options = family_options(cache, buffer_bytes);
  options.compaction_filter = &filter;
  return options;
}

rocksdb::ColumnFamilyOptions segment_options(const std::shared_ptr<rocksdb::Cache>& cache,
                                             const SegmentFilter& filter) {
  auto options = family_options(cache, kSegmentBufferBytes);
  options.compaction_filter = &filter;
  return options;
}

rocksdb::WriteOptions durable_write() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

rocksdb::WriteOptions unlogged_write() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return options;
}

}  // namespace tidemark::rocks
