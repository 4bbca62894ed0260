#include "src/log/channel_census.h"

#include <algorithm>
#include <utility>

namespace tidemark {
namespace {

/// `later` follows `earlier` in the log.
void add(ChannelCount& earlier, const ChannelCount& later) {
  if (earlier.records == 0) earlier.first = later.first;
  earlier.records += later.records;
  earlier.bytes += later.bytes;
  earlier.last = later.last;
  earlier.last_time = later.last_time;
}

}  // namespace

Result<std::optional<ChannelCensus::Totals>> ChannelCensus::step(OffsetRange range) {
  const std::lock_guard lock(mutex_);
  Block* const block = unfinished(range);
  if (block == nullptr) return totals(range);
  const Offset end = std::min(block->range.last, range.last);
  const auto read = log_.scan(block->next, end, Direction::forward, {limits::kBatchRecords, limits::kBatchBytes},
                              [&](const RecordView& record) {
                                auto found = block->counts.find(record.channel);
                                if (found == block->counts.end()) {
                                  found = block->counts.try_emplace(std::string(record.channel)).first;
                                }
                                add(found->second, {1, record.bytes(), record.offset, record.offset, record.time});
                                block->next = record.offset.next();
                                return true;
                              });
  if (!read && read.error().code != ErrorCode::corrupt) return std::unexpected(read.error());
  if (!read) {
    ++block->unreadable;
    block->next = block->next.next();
    return std::nullopt;
  }
  // A page that its limits ended has a record behind it, which then is the next one's first.
  bool more = false;
  const auto looked = log_.scan(block->next, end, Direction::forward, {1, 1}, [&](const RecordView&) {
    more = true;
    return false;
  });
  if (looked && !more) block->next = end.next();
  return std::nullopt;
}

ChannelCensus::Block* ChannelCensus::unfinished(OffsetRange range) {
  while (!blocks_.empty() && blocks_.front().range.last < range.first) blocks_.pop_front();
  if (!blocks_.empty() && blocks_.front().range.first < range.first) {
    const OffsetRange rest{range.first, blocks_.front().range.last};
    blocks_.front() = Block{.range = rest, .next = rest.first};
  }
  for (Block& block : blocks_) {
    if (!block.done() && block.next <= range.last) return &block;
  }
  const Offset from = blocks_.empty() ? range.first : blocks_.back().range.last.next();
  if (from > range.last) return nullptr;
  if (blocks_.size() == limits::kCensusBlocks) merge_pairs();
  return &blocks_.emplace_back(Block{.range = {from, Offset(from.value() + block_offsets_ - 1)}, .next = from});
}

void ChannelCensus::merge_pairs() {
  std::deque<Block> merged;
  for (std::size_t i = 0; i + 1 < blocks_.size(); i += 2) {
    Block& earlier = merged.emplace_back(std::move(blocks_[i]));
    const Block& later = blocks_[i + 1];
    for (const auto& [channel, count] : later.counts) add(earlier.counts[channel], count);
    earlier.unreadable += later.unreadable;
    earlier.next = later.next;
    earlier.range.last = later.range.last;
  }
  blocks_ = std::move(merged);
  block_offsets_ *= 2;
}

ChannelCensus::Totals ChannelCensus::totals(OffsetRange range) const {
  Totals totals{.range = range, .channels = {}};
  if (!blocks_.empty()) {
    totals.range = {std::max(range.first, blocks_.front().range.first),
                    std::max(range.last, blocks_.back().next.previous())};
  }
  for (const Block& block : blocks_) {
    totals.unreadable += block.unreadable;
    for (const auto& [channel, count] : block.counts) add(totals.channels[channel], count);
  }
  return totals;
}

}  // namespace tidemark
