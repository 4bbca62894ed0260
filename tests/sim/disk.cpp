#include "tests/sim/disk.h"

#include <utility>

#include "backends/memory/memory_store.h"
#include "tests/sim/trace.h"

namespace tidemark::sim {

class Disk::Handle final : public LogStore {
 public:
  explicit Handle(Disk& disk) : disk_(disk) {}

  std::string_view engine() const override { return "simulated"; }
  StoreState state() const override { return store().state(); }

  Result<void> append(std::span<const RecordView> records, std::span<const IndexSegment> segments) override {
    if (broken_) violated("appended to a store that had failed for good");
    if (records.empty()) {
      if (disk_.full) return fail(ErrorCode::out_of_space, "the disk is full");
      return store().append(records, segments);
    }
    disk_.others();
    const auto fault = disk_.full ? AppendFault::out_of_space : std::exchange(disk_.next_append, std::nullopt);
    if (fault == AppendFault::out_of_space) return fail(ErrorCode::out_of_space, "the disk is full");
    if (fault == AppendFault::io_not_stored) return broken();
    if (auto appended = store().append(records, segments); !appended) return appended;
    disk_.truth_.append(records);
    if (fault == AppendFault::io_stored) return broken();
    disk_.others();
    return {};
  }

  Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page, RecordVisitor visit) const override {
    if (auto fault = before_read(); !fault) return fault;
    return store().scan(from, to, direction, page, visit);
  }
  Result<void> read(std::span<const Offset> offsets, RecordVisitor visit) const override {
    if (auto fault = before_read(); !fault) return fault;
    return store().read(offsets, visit);
  }
  Result<void> channel_segments(std::string_view channel, std::uint64_t from_segment,
                                FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    if (auto fault = before_read(); !fault) return fault;
    return store().channel_segments(channel, from_segment, visit);
  }
  Result<void> key_segments(std::uint64_t from_segment,
                            FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    if (auto fault = before_read(); !fault) return fault;
    return store().key_segments(from_segment, visit);
  }

  Result<void> trim(Offset before, std::span<const ChannelLoss> losses) override {
    if (auto trimmed = store().trim(before, losses); !trimmed) return trimmed;
    disk_.truth_.trim(before);
    return {};
  }
  Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const override { return store().losses(visit); }
  Result<void> verify() const override { return store().verify(); }
  StoreStats stats() const override { return store().stats(); }
  void close() override {}

 private:
  [[nodiscard]] LogStore& store() const { return *disk_.store_; }

  std::unexpected<Error> broken() {
    broken_ = true;
    return fail(ErrorCode::io, "the disk is broken");
  }

  Result<void> before_read() const {
    disk_.others();
    if (disk_.reads_to_fail == 0) return {};
    --disk_.reads_to_fail;
    return fail(ErrorCode::io, "the disk cannot be read");
  }

  Disk& disk_;
  bool broken_ = false;
};

Disk::Disk(Truth& truth, Epoch epoch) : truth_(truth), store_(make_memory_store(epoch)) {
  if (truth.before() == Offset()) return;
  // A log that was long before: one record in an early index segment, one near the end of a later one, so that a segment
  // is finished in the run.
  const RecordView old{.offset = Offset(1), .channel = "/a", .event = "e", .payload = "0:old"};
  const RecordView first{.offset = truth.before().next(), .channel = "/a", .event = "e", .payload = "0:first"};
  (void)store_->append({&old, 1}, {});
  (void)store_->append({&first, 1}, {});
  truth.begin_with(old);
  truth.append({&first, 1});
}

std::unique_ptr<LogStore> Disk::open() { return std::make_unique<Handle>(*this); }

}  // namespace tidemark::sim
