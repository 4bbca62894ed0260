// Which channels the log holds, and how much of each: counted from the records, once, and from then on only what is new.
//
// The log is counted in stretches, kCensusBlocks at most, so that trimming costs no more than counting the oldest
// stretch once more. Example: 1 to 32,768 in two stretches; trimmed before 20,000: the first stretch is dropped, of the
// second what is left is counted again.
//
// Reads the log step by step in the calling thread; any thread, one at a time by its own lock.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "src/base/error.h"
#include "src/base/limits.h"
#include "src/base/offset_range.h"
#include "src/base/record.h"
#include "src/log/log.h"

namespace tidemark {

struct ChannelCount {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // RecordView::bytes()
  Offset first, last;
  TimeMs last_time;

  friend bool operator==(const ChannelCount&, const ChannelCount&) = default;
};

class ChannelCensus {
 public:
  /// `block_offsets` is the length of a stretch at first.
  explicit ChannelCensus(const Log& log, std::uint64_t block_offsets = limits::kCensusBlockOffsets)
      : log_(log), block_offsets_(block_offsets) {}

  struct Totals {
    OffsetRange range;  // that was counted
    std::map<std::string, ChannelCount, std::less<>> channels;
    std::uint64_t unreadable = 0;  // damaged records
  };

  /// Counts a piece of what is not counted yet of `range`, which ends at or before the head. Nothing: there is more to
  /// count. Example: somebody asked for 1 to 90 and somebody else, who came later, for 5 to 95: both are told of 5 to 95,
  /// or the first of 5 to 92, where the other one's is not counted to its end.
  /// Errors: those of the store but `corrupt`: what is damaged is passed over and counted as such.
  [[nodiscard]] Result<std::optional<Totals>> step(OffsetRange range);

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  using Counts = std::unordered_map<std::string, ChannelCount, NameHash, std::equal_to<>>;
  struct Block {
    OffsetRange range;
    Offset next;  // the first that is not counted yet
    Counts counts{};
    std::uint64_t unreadable = 0;
    [[nodiscard]] bool done() const { return next > range.last; }
  };

  /// The stretch to go on with; null if everything up to `last` is counted.
  Block* unfinished(OffsetRange range);
  void merge_pairs();
  [[nodiscard]] Totals totals(OffsetRange range) const;

  const Log& log_;
  mutable std::mutex mutex_;  // guards the rest
  std::uint64_t block_offsets_;
  std::deque<Block> blocks_;  // ascending, without a gap in between
};

}  // namespace tidemark
