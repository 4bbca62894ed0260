// A store of which parts are damaged as a test says, in front of a sound one: it fails where an engine would.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "src/log/log_store.h"

namespace tidemark::test {

/// May be changed while the store is in use, by the thread that reads.
struct Damage {
  std::set<std::uint64_t> records;      // their checksum fails
  std::set<std::uint64_t> zeroed;       // so does theirs, and they say that they are the record at offset 0
  std::set<std::uint64_t> unreachable;  // the engine's structure fails before it gets there, and cannot say where
  std::set<std::uint64_t> missing;      // are not there any more, without a word
  std::set<std::uint64_t> ends;  // look like offsets far behind: a scan that gets there says that nothing is left
  std::set<std::pair<std::string, std::uint64_t>> channel_rows;  // of the index: channel and segment
  std::set<std::uint64_t> key_rows;
  bool channel_table = false;  // no row of the channel index can be read
  bool losses = false;         // nothing that the channels lost can be read
};

class DamagedStore final : public LogStore {
 public:
  DamagedStore(std::unique_ptr<LogStore> store, const Damage& damage) : store_(std::move(store)), damage_(damage) {}

  /// Reads of any kind since the start.
  [[nodiscard]] std::size_t reads() const { return reads_; }

  std::string_view engine() const override { return store_->engine(); }
  StoreState state() const override { return store_->state(); }
  Result<void> append(std::span<const RecordView> records, std::span<const IndexSegment> segments) override {
    return store_->append(records, segments);
  }
  Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page, RecordVisitor visit) const override {
    ++reads_;
    Result<void> damaged;
    // In front of the store's own limits: a record that is missing counts for none.
    std::size_t seen = 0;
    const auto scanned =
        store_->scan(from, to, direction, {static_cast<std::size_t>(-1), page.bytes}, [&](const RecordView& record) {
          if (seen == page.records && seen > 0) return false;
          if (damage_.missing.contains(record.offset.value())) return true;
          if (damage_.ends.contains(record.offset.value())) return false;
          ++seen;
          damaged = check(record.offset);
          return damaged && visit(record);
        });
    return damaged ? scanned : damaged;
  }
  Result<void> read(std::span<const Offset> offsets, RecordVisitor visit) const override {
    ++reads_;
    Result<void> damaged;
    const auto read = store_->read(offsets, [&](const RecordView& record) {
      if (damage_.missing.contains(record.offset.value())) return true;
      damaged = check(record.offset);
      return damaged && visit(record);
    });
    return damaged ? read : damaged;
  }
  Result<void> channel_segments(std::string_view channel, std::uint64_t from_segment,
                                FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    ++reads_;
    if (damage_.channel_table) return fail(ErrorCode::corrupt, "the disk image is malformed");
    return store_->channel_segments(channel, from_segment, [&](std::uint64_t segment, std::string_view row) {
      return visit(segment, damage_.channel_rows.contains({std::string(channel), segment}) ? "damaged" : row);
    });
  }
  Result<void> key_segments(std::uint64_t from_segment,
                            FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    ++reads_;
    return store_->key_segments(from_segment, [&](std::uint64_t segment, std::string_view row) {
      return visit(segment, damage_.key_rows.contains(segment) ? "damaged" : row);
    });
  }
  Result<void> trim(Offset before, std::span<const ChannelLoss> losses) override {
    return store_->trim(before, losses);
  }
  Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const override {
    if (damage_.losses) return fail(ErrorCode::corrupt, "the disk image is malformed");
    return store_->losses(visit);
  }
  Result<void> verify() const override { return store_->verify(); }
  StoreStats stats() const override { return store_->stats(); }
  void close() override { store_->close(); }

 private:
  [[nodiscard]] Result<void> check(Offset offset) const {
    if (damage_.unreachable.contains(offset.value())) return fail(ErrorCode::corrupt, "the disk image is malformed");
    if (damage_.zeroed.contains(offset.value())) {
      return fail(ErrorCode::corrupt, "the record at offset 0 in FILE fails its checksum");
    }
    if (!damage_.records.contains(offset.value())) return {};
    return fail(ErrorCode::corrupt, "the record at offset " + std::to_string(offset.value()) + " fails its checksum");
  }

  const std::unique_ptr<LogStore> store_;
  const Damage& damage_;
  mutable std::atomic<std::size_t> reads_ = 0;
};

}  // namespace tidemark::test
