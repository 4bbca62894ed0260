#include "backends/memory/memory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <ranges>
#include <shared_mutex>
#include <utility>

#include "src/log/store_rules.h"

namespace tidemark {
namespace {

class MemoryStore final : public LogStore {
 public:
  explicit MemoryStore(Epoch epoch) : state_{epoch, Offset(1), Offset()} {}

  std::string_view engine() const override { return "memory"; }

  StoreState state() const override {
    const std::shared_lock lock(mutex_);
    return state_;
  }

  Result<void> append(std::span<const RecordView> records, std::span<const IndexSegment> segments) override {
    const std::unique_lock lock(mutex_);
    if (closed_) return closed();
    if (auto checked = check_append(state_.head, records); !checked) return checked;
    const bool was_empty = records_.empty();
    for (const RecordView& record : records) {
      records_.emplace_back(record);
      bytes_ += record.bytes();
    }
    for (const IndexSegment& segment : segments) segments_.insert_or_assign(segment.number, segment);
    if (records.empty()) return {};
    if (was_empty) state_.first = records.front().offset;
    state_.head = records.back().offset;
    return {};
  }

  Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page, RecordVisitor visit) const override {
    const std::shared_lock lock(mutex_);
    if (closed_) return closed();
    const auto begin = std::ranges::lower_bound(records_, from, {}, &Record::offset);
    const auto end = std::ranges::upper_bound(records_, to, {}, &Record::offset);
    if (begin >= end) return {};
    PageCount count(page);
    const auto deliver = [&](const Record& record) {
      const auto view = record.view();
      return count.admits(view) && visit(view);
    };
    const std::ranges::subrange range(begin, end);
    if (direction == Direction::forward) {
      [[maybe_unused]] const bool all = std::ranges::all_of(range, deliver);
    } else {
      [[maybe_unused]] const bool all = std::ranges::all_of(std::views::reverse(range), deliver);
    }
    return {};
  }

  Result<void> read(std::span<const Offset> offsets, RecordVisitor visit) const override {
    const std::shared_lock lock(mutex_);
    if (closed_) return closed();
    for (const Offset offset : offsets) {
      const auto record = std::ranges::lower_bound(records_, offset, {}, &Record::offset);
      if (record != records_.end() && record->offset == offset && !visit(record->view())) break;
    }
    return {};
  }

  Result<void> channel_segments(std::string_view channel, std::uint64_t from_segment,
                                FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    const std::shared_lock lock(mutex_);
    if (closed_) return closed();
    for (auto segment = segments_.lower_bound(from_segment); segment != segments_.end(); ++segment) {
      const auto& channels = segment->second.channels;
      const auto found = std::ranges::find(channels, channel, &ChannelOffsets::channel);
      if (found != channels.end() && !visit(segment->first, found->offsets)) break;
    }
    return {};
  }

  Result<void> key_segments(std::uint64_t from_segment,
                            FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    const std::shared_lock lock(mutex_);
    if (closed_) return closed();
    for (auto segment = segments_.lower_bound(from_segment); segment != segments_.end(); ++segment) {
      if (!visit(segment->first, segment->second.key_hashes)) break;
    }
    return {};
  }

  Result<void> trim(Offset before, std::span<const ChannelLoss> losses) override {
    const std::unique_lock lock(mutex_);
    if (closed_) return closed();
    if (auto checked = check_trim(state_.head, before); !checked) return checked;
    while (!records_.empty() && records_.front().offset < before) {
      bytes_ -= records_.front().view().bytes();
      records_.pop_front();
    }
    if (before > Offset()) segments_.erase(segments_.begin(), segments_.lower_bound(segment_of(before)));
    state_.first = records_.empty() ? state_.head.next() : records_.front().offset;
    for (const auto& [channel, last] : losses) {
      auto& noted = losses_[std::string(channel)];
      noted = std::max(noted, last);
    }
    return {};
  }

  Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const override {
    const std::shared_lock lock(mutex_);
    if (closed_) return closed();
    for (const auto& [channel, last] : losses_) {
      if (!visit({channel, last})) break;
    }
    return {};
  }

  /// There is no medium to check here; the order is all that could be wrong.
  Result<void> verify() const override {
    const std::shared_lock lock(mutex_);
    if (closed_) return closed();
    const auto wrong = std::ranges::adjacent_find(records_, std::ranges::greater_equal(), &Record::offset);
    if (wrong == records_.end()) return {};
    return fail(ErrorCode::corrupt, fmt::format("the record after offset {} is out of order", wrong->offset.value()));
  }

  StoreStats stats() const override {
    const std::shared_lock lock(mutex_);
    return {.records = kept_offsets(state_), .bytes_on_disk = 0, .bytes_in_use = bytes_};
  }

  void close() override {
    const std::unique_lock lock(mutex_);
    closed_ = true;
    records_.clear();
    bytes_ = 0;
    segments_.clear();
    losses_.clear();
  }

 private:
  static std::unexpected<Error> closed() { return fail(ErrorCode::closed, "the memory log is closed"); }

  mutable std::shared_mutex mutex_;  // guards all below
  bool closed_ = false;
  StoreState state_;
  std::deque<Record> records_;
  std::uint64_t bytes_ = 0;  // of records_
  std::map<std::uint64_t, IndexSegment> segments_;
  std::map<std::string, Offset> losses_;
};

}  // namespace

std::unique_ptr<LogStore> make_memory_store(Epoch epoch) { return std::make_unique<MemoryStore>(epoch); }

}  // namespace tidemark
