#include "src/log/log_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/base/limits.h"
#include "src/log/dedupe_window.h"
#include "src/log/head_floor.h"

namespace tidemark {
namespace {

/// Copies into a record that was used before, without giving its memory back.
void assign(Record& to, const RecordView& from) {
  to.offset = from.offset;
  to.time = from.time;
  to.channel.assign(from.channel);
  to.event.assign(from.event);
  to.sender.assign(from.sender);
  to.client_key.assign(from.client_key);
  to.payload.assign(from.payload);
  to.attachments.assign(from.attachments);
}

}  // namespace

LogBuilder::LogBuilder(std::filesystem::path directory, LogOutline outline, Open open)
    : directory_(std::move(directory)),
      outline_(std::move(outline)),
      open_(std::move(open)),
      index_(outline_.state.first),
      next_(outline_.state.first) {
  batch_.resize(limits::kBatchRecords);
}

Result<void> LogBuilder::begin() {
  auto opened = open_();
  if (!opened) return std::unexpected(opened.error());
  store_ = std::move(*opened);
  return {};
}

Result<void> LogBuilder::check_gap(Offset next) const {
  const auto missing = outline_.holes.rest_of({next_, next.previous()});
  if (missing.empty()) return {};
  return fail(ErrorCode::corrupt, fmt::format("the record at offset {} is missing, and {} more after it",
                                              missing.front().first.value(), missing.front().size() - 1));
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
  if (filled_ == batch_.size() || (filled_ > 0 && bytes_ + record.bytes() > limits::kBatchBytes)) {
    if (auto written = write(); !written) return written;
  }
  assign(batch_[filled_++], record);
  bytes_ += record.bytes();
  next_ = record.offset.next();
  return {};
}

Result<void> LogBuilder::write() {
  views_.clear();
  for (std::size_t i = 0; i < filled_; ++i) {
    const Record& record = batch_[i];
    views_.push_back(record.view());
    index_.stage(record.channel, record.offset);
    if (record.client_key.empty()) continue;
    index_.stage_key(DedupeWindow::hash(record.channel, record.client_key), record.offset);
  }
  if (auto appended = store_->append(views_, index_.finished()); !appended) return appended;
  index_.commit();
  records_ += filled_;
  // A batch of large records must not stay in memory for all the small ones to come.
  if (bytes_ > limits::kBatchBytes / 2) {
    for (Record& record : batch_) record = Record();
  }
  filled_ = 0;
  bytes_ = 0;
  return {};
}

/// Nothing else in the contract says where the next offset is when the newest records are gone: a head floor does.
Result<void> LogBuilder::reach_head() {
  if (store_->state().head >= outline_.state.head) return {};
  store_->close();
  store_.reset();
  {
    auto floor = HeadFloor::open(directory_);
    if (!floor) return std::unexpected(floor.error());
    if (auto noted = floor->note({outline_.state.epoch, outline_.state.head}); !noted) return noted;
    if (auto flushed = floor->flush(); !flushed) return flushed;
  }
  return begin();
}

Result<void> LogBuilder::finish() {
  if (auto written = filled_ > 0 ? write() : Result<void>(); !written) return written;
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
