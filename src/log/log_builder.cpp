#include "src/log/log_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/base/limits.h"
#include "src/log/dedupe_window.h"
#include "src/log/head_floor.h"

namespace tidemark {

LogBuilder::LogBuilder(std::filesystem::path directory, LogOutline outline, Open open)
    : directory_(std::move(directory)),
      outline_(std::move(outline)),
      open_(std::move(open)),
      next_(outline_.state.first),
      index_(outline_.state.first) {}

Result<void> LogBuilder::begin() { return open(true); }

Result<void> LogBuilder::open(bool building) {
  auto opened = open_(building);
  if (!opened) return std::unexpected(opened.error());
  store_ = std::move(*opened);
  return {};
}

Result<void> LogBuilder::check_gap(Offset next) const {
  const auto missing = outline_.holes.rest_of({next_, next.previous()});
  if (missing.empty()) return {};
  return fail(ErrorCode::corrupt, missing_text(missing.front()));
}

Result<void> LogBuilder::add(const RecordView& record) {
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::invalid_argument, fmt::format("the record at offset {} {}", record.offset.value(), what));
  };
  if (record.offset < next_) return wrong("does not come after the one before it, or is older than the log");
  if (record.offset > outline_.state.head) return wrong("is newer than the log's head");
  if (outline_.holes.contains(record.offset)) return wrong("is said to be lost");
  if (record.offset != next_) {
    if (auto whole = check_gap(record.offset); !whole) return whole;
  }
  if (gathered_.size() == limits::kBatchRecords ||
      (gathered_.size() > 0 && gathered_.bytes() + record.bytes() > limits::kBatchBytes)) {
    if (auto passed = pass_on(); !passed) return passed;
  }
  gathered_.add(record);
  next_ = record.offset.next();
  ++records_;
  return {};
}

Result<void> LogBuilder::written() { return writing_.valid() ? writing_.get() : Result<void>(); }

Result<void> LogBuilder::pass_on() {
  if (auto before = written(); !before) return before;
  std::swap(gathered_, leaving_);
  writing_ = std::async(std::launch::async, [this] { return write(leaving_); });
  return {};
}

Result<void> LogBuilder::write(RecordBatch& batch) {
  for (const RecordView& record : batch.records()) {
    index_.stage(record.channel, record.offset);
    if (record.client_key.empty()) continue;
    index_.stage_key(DedupeWindow::hash(record.channel, record.client_key), record.offset);
  }
  if (auto appended = store_->append(batch.records(), index_.finished()); !appended) return appended;
  index_.commit();
  batch.clear();
  return {};
}

/// Nothing else in the contract says where the next offset is when the newest records are gone: a head floor does.
Result<void> LogBuilder::reach_head() {
  const auto head = store_->state().head;
  store_->close();
  store_.reset();
  if (head < outline_.state.head) {
    auto floor = HeadFloor::open(directory_);
    if (!floor) return std::unexpected(floor.error());
    if (auto noted = floor->note({outline_.state.epoch, outline_.state.head}); !noted) return noted;
    if (auto flushed = floor->flush(); !flushed) return flushed;
  }
  return open(false);
}

Result<void> LogBuilder::finish() {
  if (auto passed = pass_on(); !passed) return passed;
  if (auto last = written(); !last) return last;
  if (auto flushed = store_->append({}, {}); !flushed) return flushed;
  if (auto whole = check_gap(outline_.state.head.next()); !whole) return whole;
  if (auto reached = reach_head(); !reached) return reached;
  if (outline_.state.first > Offset(1) || !outline_.losses.empty()) {
    std::vector<ChannelLoss> losses;
    for (const auto& [channel, last] : outline_.losses) losses.push_back({channel, last});
    const auto before = std::min(outline_.state.first, store_->state().head.next());
    if (auto trimmed = store_->trim(before, losses); !trimmed) return trimmed;
  }
  store_->close();
  if (outline_.holes.empty()) return {};
  return write_holes(directory_, outline_.holes);
}

}  // namespace tidemark
