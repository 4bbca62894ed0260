// The log without its threads: its own parts - queue, sequencer, dedupe window, index, reader - over the simulated disk,
// driven step by step. While the sequencer or a reader is in the middle of something, others run (Disk::others).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "src/log/age_search.h"
#include "src/log/channel_reader.h"
#include "src/log/draft_queue.h"
#include "src/log/losses.h"
#include "src/log/rebuild.h"
#include "src/log/retention.h"
#include "src/log/sequencer.h"
#include "tests/sim/disk.h"

namespace tidemark::sim {

class SteppedLog final : public Log, private CommitListener {
 public:
  /// Pages of at most `page_records`, whatever a reader asks for.
  SteppedLog(Disk& disk, const LogOptions& options, const Clock& clock, std::size_t page_records);

  /// One round of the sequencer, if drafts wait and it is not in one already.
  bool step();
  /// What upkeep does every second.
  void check_writable() { sequencer_.check_writable(); }
  /// One step of retention, unless the sequencer or another one is at work.
  bool trim();
  [[nodiscard]] bool sequencing() const { return sequencing_; }

  void start(CommitListener& listener) override { listener_ = &listener; }
  Admission publish(Draft&& draft) override;
  [[nodiscard]] Epoch epoch() const override { return store_->state().epoch; }
  [[nodiscard]] Offset head() const override { return sequencer_.head(); }
  [[nodiscard]] Offset first() const override { return store_->state().first; }
  [[nodiscard]] StoreStats stats() const override { return store_->stats(); }
  [[nodiscard]] std::string_view engine() const override { return store_->engine(); }
  [[nodiscard]] std::string why_not_writable() const override { return sequencer_.why_not_writable(); }
  [[nodiscard]] Result<ChannelPage> read_channel(std::string_view channel, Offset after, Offset up_to, PageLimits page,
                                                 RecordVisitor visit) const override;
  [[nodiscard]] Result<Offset> offset_before_last(std::string_view channel, Offset up_to,
                                                  std::size_t count) const override {
    return reader_.before_last(channel, up_to, count);
  }
  [[nodiscard]] Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page,
                                  RecordVisitor visit) const override {
    return store_->scan(from, to, direction, page, visit);
  }
  [[nodiscard]] Result<Offset> first_not_older_than(TimeMs moment) const override {
    return first_not_older(*store_, first(), head(), moment);
  }
  [[nodiscard]] Offset lost(std::string_view channel) const override { return losses_.of(channel); }
  [[nodiscard]] Offset lost_settled(std::string_view channel) const override { return losses_.settled(channel); }
  /// Nobody is told of the past that the disk leaves out to save time.
  [[nodiscard]] Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const override {
    return store_->losses(visit);
  }
  [[nodiscard]] const Holes& holes() const override { return no_holes_; }
  void close() override;

 private:
  void on_commit(std::span<const RecordView> records, std::span<const Outcome> outcomes) override;
  void on_room() override { listener_->on_room(); }

  Disk& disk_;
  const LogOptions options_;
  const Holes no_holes_;
  const std::size_t page_records_;
  const std::unique_ptr<LogStore> store_;
  Rebuilt rebuilt_;
  DraftQueue queue_;
  Sequencer sequencer_;
  const ChannelReader reader_;
  Losses losses_;
  Retention retention_;
  CommitListener* listener_ = nullptr;
  bool sequencing_ = false;
  bool trimming_ = false;

  struct Waiting {
    Origin origin;
    std::size_t bytes;
  };
  std::deque<Waiting> waiting_;  // published, without an outcome, in order
  std::size_t waiting_bytes_ = 0;
};

}  // namespace tidemark::sim
