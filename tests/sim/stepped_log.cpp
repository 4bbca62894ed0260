#include "tests/sim/stepped_log.h"

#include <algorithm>
#include <utility>

#include "tests/sim/trace.h"

namespace tidemark::sim {
namespace {

Rebuilt rebuild_or_fail(LogStore& store, const LogOptions& options) {
  auto rebuilt = rebuild(store, options.dedupe_window_records, options.holes);
  if (!rebuilt) violated("the log does not open: {}", rebuilt.error().context);
  return std::move(*rebuilt);
}

}  // namespace

SteppedLog::SteppedLog(Disk& disk, const LogOptions& options, const Clock& clock, std::size_t page_records)
    : disk_(disk),
      options_(options),
      page_records_(page_records),
      store_(disk.open()),
      rebuilt_(rebuild_or_fail(*store_, options)),
      queue_(options.queue_bytes),
      sequencer_(*store_, *rebuilt_.index, std::move(rebuilt_.window), std::move(rebuilt_.names), rebuilt_.last_time,
                 clock),
      reader_(*store_, *rebuilt_.index, options_.holes, losses_),
      retention_(*store_, options.retention, clock, options.holes) {
  if (const auto loaded = losses_.load(*store_); !loaded)
    violated("what was lost is unknown: {}", loaded.error().context);
}

bool SteppedLog::step() {
  if (sequencing_ || waiting_.empty()) return false;
  sequencing_ = true;
  (void)sequencer_.round(queue_, *this);
  sequencing_ = false;
  return true;
}

bool SteppedLog::trim() {
  if (sequencing_ || trimming_ || options_.retention.keeps_everything()) return false;
  trimming_ = true;
  const auto more = retention_.step([this](Offset before, std::span<const ChannelLoss> losses) {
    return sequencer_.write_in_turn(
        [&] { return losses_.note_after(*store_, losses, [&] { return store_->trim(before, losses); }); });
  });
  trimming_ = false;
  return more.has_value();
}

Log::Admission SteppedLog::publish(Draft&& draft) {
  const Waiting waiting{draft.origin, draft.bytes()};
  const auto admission = queue_.push(std::move(draft));
  if (admission != Admission::queued) return admission;
  if (!waiting_.empty() && waiting_bytes_ + waiting.bytes > options_.queue_bytes) {
    violated("the queue took {} bytes beside {} in a bound of {}", waiting.bytes, waiting_bytes_, options_.queue_bytes);
  }
  waiting_.push_back(waiting);
  waiting_bytes_ += waiting.bytes;
  return admission;
}

Result<ChannelPage> SteppedLog::read_channel(std::string_view channel, Offset after, Offset up_to, PageLimits page,
                                             RecordVisitor visit) const {
  if (up_to > head()) violated("a reader asks for records up to {}, beyond the head {}", up_to.value(), head().value());
  page.records = std::min(page.records, page_records_);
  return reader_.read(channel, after, up_to, page, visit);
}

void SteppedLog::on_commit(std::span<const RecordView> records, std::span<const Outcome> outcomes) {
  for (const Outcome& outcome : outcomes) {
    if (waiting_.empty() || waiting_.front().origin.subscription != outcome.origin.subscription ||
        waiting_.front().origin.ack_id != outcome.origin.ack_id) {
      violated("an outcome for ack {} that is not next", outcome.origin.ack_id);
    }
    waiting_bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
  }
  disk_.others();
  listener_->on_commit(records, outcomes);
}

void SteppedLog::close() {
  queue_.close();
  sequencing_ = true;
  while (sequencer_.round(queue_, *this)) {
  }
  if (!waiting_.empty()) violated("the log closed with {} drafts without an outcome", waiting_.size());
}

}  // namespace tidemark::sim
