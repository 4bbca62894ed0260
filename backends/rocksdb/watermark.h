// The trim watermark: the offset before which everything was trimmed, as long as the database is open.
//
// Every read begins at it, so a trim counts from the moment it is set; what lies below goes when its file does (whole
// files at once), or when RocksDB rewrites a file for a reason of its own: the filter then leaves it out. A range
// tombstone per trim would do the same and slow every read down until it is compacted away.
//
// Set by the appending thread, after it is durable and before anything below is removed; read by any.
#pragma once

#include <rocksdb/compaction_filter.h>

#include <atomic>
#include <cstdint>

#include "backends/rocksdb/keys.h"
#include "src/base/offset.h"
#include "src/log/index_segment.h"

namespace tidemark::rocks {

class Watermark {
 public:
  [[nodiscard]] Offset get() const { return Offset(value_.load(std::memory_order_acquire)); }
  void set(Offset before) { value_.store(before.value(), std::memory_order_release); }

 private:
  std::atomic<std::uint64_t> value_ = 1;
};

/// Leaves out records below the watermark.
class RecordFilter final : public rocksdb::CompactionFilter {
 public:
  explicit RecordFilter(const Watermark& watermark) : watermark_(watermark) {}
  const char* Name() const override { return "tidemark.records"; }
  bool Filter(int /*level*/, const rocksdb::Slice& key, const rocksdb::Slice& /*value*/, std::string* /*new_value*/,
              bool* /*value_changed*/) const override {
    return key.size() == kNumberBytes && Offset(number_of(key)) < watermark_.get();
  }

 private:
  const Watermark& watermark_;
};

/// Leaves out the segments that end below it.
class SegmentFilter final : public rocksdb::CompactionFilter {
 public:
  explicit SegmentFilter(const Watermark& watermark) : watermark_(watermark) {}
  const char* Name() const override { return "tidemark.segments"; }
  bool Filter(int /*level*/, const rocksdb::Slice& key, const rocksdb::Slice& /*value*/, std::string* /*new_value*/,
              bool* /*value_changed*/) const override {
    return key.size() > kNumberBytes && number_of(key) < segment_of(watermark_.get());
  }

 private:
  const Watermark& watermark_;
};

}  // namespace tidemark::rocks
