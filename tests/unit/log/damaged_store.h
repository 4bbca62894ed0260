// A memory store some of whose records are damaged: reading them fails as the contract says.
#pragma once

#include <memory>
#include <set>

#include "backends/memory/memory_store.h"
#include "src/log/log_store.h"

namespace tidemark::test {

class DamagedStore final : public LogStore {
 public:
  void damage(const std::set<std::uint64_t>& offsets) { damaged_ = offsets; }

  [[nodiscard]] std::string_view engine() const override { return store_->engine(); }
  [[nodiscard]] StoreState state() const override { return store_->state(); }
  [[nodiscard]] Result<void> append(std::span<const RecordView> records,
                                    std::span<const IndexSegment> segments) override {
    return store_->append(records, segments);
  }
  [[nodiscard]] Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page,
                                  RecordVisitor visit) const override {
    return checked(visit, [&](RecordVisitor checking) { return store_->scan(from, to, direction, page, checking); });
  }
  [[nodiscard]] Result<void> read(std::span<const Offset> offsets, RecordVisitor visit) const override {
    return checked(visit, [&](RecordVisitor checking) { return store_->read(offsets, checking); });
  }
  [[nodiscard]] Result<void> channel_segments(std::string_view channel, std::uint64_t from_segment,
                                              FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    return store_->channel_segments(channel, from_segment, visit);
  }
  [[nodiscard]] Result<void> key_segments(std::uint64_t from_segment,
                                          FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    return store_->key_segments(from_segment, visit);
  }
  [[nodiscard]] Result<void> trim(Offset before, std::span<const ChannelLoss> losses) override {
    return store_->trim(before, losses);
  }
  [[nodiscard]] Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const override {
    return store_->losses(visit);
  }
  [[nodiscard]] Result<void> verify() const override { return store_->verify(); }
  [[nodiscard]] StoreStats stats() const override { return store_->stats(); }
  void close() override { store_->close(); }

 private:
  template <class Read>
  Result<void> checked(RecordVisitor visit, Read read) const {
    bool met = false;
    const auto done = read([&](const RecordView& record) {
      met = damaged_.contains(record.offset.value());
      return !met && visit(record);
    });
    if (done && met) return fail(ErrorCode::corrupt, "a record fails its checksum");
    return done;
  }

  const std::unique_ptr<LogStore> store_ = make_memory_store(Epoch(1));
  std::set<std::uint64_t> damaged_;
};

}  // namespace tidemark::test
