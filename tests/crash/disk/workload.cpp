#include "tests/crash/disk/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/base/attachments.h"
#include "src/log/dedupe_window.h"
#include "src/log/rebuild.h"
#include "tests/crash/disk/oracle.h"

namespace tidemark::crash {
namespace {

void must(const Result<void>& done, std::string_view what) {
  if (!done) throw Violation(fmt::format("{} failed though nothing was broken: {}", what, done.error().context));
}

}  // namespace

Record draw_record(Dice& dice, Offset offset, std::size_t payload_max) {
  Record record;
  record.offset = offset;
  record.time = {1'700'000'000'000 + static_cast<std::int64_t>(offset.value())};
  record.channel = fmt::format("/chat/{}", dice.between(0, 9));
  record.event = dice.chance(1, 8) ? "typing" : "chat message";
  record.sender = fmt::format("sender-{}", dice.between(0, 99));
  if (dice.chance(3, 4)) record.client_key = fmt::format("key-{}-{}", offset.value(), dice.between(0, 1'000'000));
  record.payload = dice.bytes(dice.between(0, payload_max));
  if (dice.chance(1, 20)) append_attachment(record.attachments, dice.bytes(dice.between(0, 3'000)));
  return record;
}

std::vector<Record> draw_records(Dice& dice, Offset first, std::uint64_t count, std::size_t payload_max) {
  std::vector<Record> records;
  for (auto offset = first; count > 0; --count, offset = offset.next()) {
    records.push_back(draw_record(dice, offset, payload_max));
  }
  return records;
}

void stage(ChannelIndex& index, const std::vector<Record>& records) {
  for (const Record& record : records) {
    index.stage(record.channel, record.offset);
    if (!record.client_key.empty()) {
      index.stage_key(DedupeWindow::hash(record.channel, record.client_key), record.offset);
    }
  }
}

std::map<std::string, Offset> losses_below(const std::vector<Record>& records, Offset before) {
  std::map<std::string, Offset> losses;
  for (const Record& record : records) {
    if (record.offset < before) losses[record.channel] = record.offset;
  }
  return losses;
}

std::vector<ChannelLoss> loss_views(const std::map<std::string, Offset>& losses) {
  std::vector<ChannelLoss> views;
  for (const auto& [channel, last] : losses) views.push_back({channel, last});
  return views;
}

std::vector<RecordView> record_views(const std::vector<Record>& records) {
  std::vector<RecordView> views;
  for (const Record& record : records) views.push_back(record.view());
  return views;
}

Workload::Workload(Dice& dice, Open open, Position position)
    : dice_(dice), open_(std::move(open)), position_(std::move(position)) {}

void Workload::open(const Expectation& expected) {
  auto opened = open_();
  if (!opened) throw Violation(fmt::format("it does not open: {}", opened.error().context));
  store_ = std::move(*opened);
  const auto when = position_();
  history_.begin(store_->state().epoch, check_store(*store_, expected).contents, when);
  rebuild_index();
}

void Workload::rebuild_index() {
  auto rebuilt = rebuild(*store_, limits::kDedupeWindowRecords, holes_everywhere());
  if (!rebuilt) throw Violation(fmt::format("the index cannot be rebuilt: {}", rebuilt.error().context));
  index_ = std::move(rebuilt->index);
}

void Workload::step() {
  const auto throw_ = dice_.between(1, 100);
  if (throw_ <= 75) {
    append();
  } else if (throw_ <= 87) {
    trim();
  } else if (throw_ <= 94) {
    read();
  } else {
    reopen();
  }
}

void Workload::close() {
  store_->close();
  store_.reset();
}

void Workload::append() {
  switch (dice_.between(1, 20)) {
    case 1: return append_records(dice_.between(100, 400), 200);
    case 2: return append_records(dice_.between(1, 3), 100'000);
    case 3:
    case 4: return append_records(dice_.between(10, 60), 2'000);
    default: return append_records(dice_.between(1, 8), 300);
  }
}

void Workload::append_records(std::uint64_t count, std::size_t payload_max) {
  Attempt attempt;
  const auto head = history_.now().head;
  auto offset = head.next();
  // The first record of a log, and now and then a later one, comes shortly before a segment ends: segments are large.
  if (head == Offset() || dice_.chance(1, 25)) {
    offset = std::max(offset, Offset(segment_last(segment_of(offset)).value() - dice_.between(0, 60)));
  }
  attempt.records = draw_records(dice_, offset, count, payload_max);
  stage(*index_, attempt.records);
  attempt.segments = index_->finished();
  attempt.begun = position_();
  const auto number = history_.attempt(attempt);
  must(store_->append(record_views(attempt.records), attempt.segments), "append");
  history_.succeeded(number, position_());
  history_.acknowledge(attempt);
  index_->commit();
  appended_ += attempt.records.size();
}

void Workload::trim() {
  const auto& now = history_.now();
  if (now.records.empty()) return;
  Attempt attempt;
  const bool everything = dice_.chance(1, 8);
  attempt.before = everything ? now.head.next() : now.records[dice_.between(0, now.records.size() - 1)].offset;
  attempt.losses = losses_below(now.records, *attempt.before);
  attempt.begun = position_();
  const auto number = history_.attempt(attempt);
  must(store_->trim(*attempt.before, loss_views(attempt.losses)), "trim");
  history_.succeeded(number, position_());
  history_.acknowledge(attempt);
}

void Workload::read() {
  const auto& records = history_.now().records;
  if (records.empty()) return;
  const auto& wanted = records[dice_.between(0, records.size() - 1)];
  std::optional<Record> found;
  must(store_->read({&wanted.offset, 1},
                    [&](const RecordView& record) {
                      found.emplace(record);
                      return true;
                    }),
       "read");
  if (found != wanted) throw Violation(fmt::format("offset {} is not what was appended", wanted.offset.value()));
}

void Workload::reopen() {
  close();
  auto opened = open_();
  if (!opened) throw Violation(fmt::format("it does not open again: {}", opened.error().context));
  store_ = std::move(*opened);
  rebuild_index();
}

}  // namespace tidemark::crash
