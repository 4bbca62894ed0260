#include "tests/crash/disk/history.h"

#include <algorithm>
#include <utility>

namespace tidemark::crash {

void Attempt::apply_to(Contents& contents) const {
  for (const Record& record : records) {
    contents.records.push_back(record);
    contents.head = record.offset;
  }
  for (const IndexSegment& segment : segments) contents.segments[segment.number] = segment;
  if (!before) return;
  contents.trimmed_before = std::max(contents.trimmed_before, *before);
  std::erase_if(contents.records, [&](const Record& record) { return record.offset < *before; });
  std::erase_if(contents.segments, [&](const auto& entry) { return segment_last(entry.first) < *before; });
  for (const auto& [channel, last] : losses) contents.losses[channel] = last;
}

void History::begin(Epoch epoch, Contents contents, std::uint64_t opened) {
  epoch_ = epoch;
  opened_ = opened;
  base_ = std::move(contents);
  now_ = base_;
  attempts_.clear();
}

std::size_t History::attempt(Attempt attempt) {
  attempts_.push_back(std::move(attempt));
  return attempts_.size() - 1;
}

Expectation History::at(std::uint64_t cut) const {
  Expectation expected{.epoch = {}, .acknowledged = base_, .under_way = {}};
  if (opened_ <= cut) expected.epoch = epoch_;
  for (const Attempt& attempt : attempts_) {
    if (attempt.begun > cut) break;
    if (attempt.returned <= cut) {
      attempt.apply_to(expected.acknowledged);
    } else {
      expected.under_way = attempt;
    }
  }
  return expected;
}

}  // namespace tidemark::crash
