#include "src/log/log.h"

#include <thread>
#include <utility>

#include "src/log/age_search.h"
#include "src/log/channel_reader.h"
#include "src/log/draft_queue.h"
#include "src/log/losses.h"
#include "src/log/rebuild.h"
#include "src/log/sequencer.h"
#include "src/log/upkeep.h"

namespace tidemark {
namespace {

/// Glue: one store, what was rebuilt from it, the sequencer's thread and that of upkeep.
class StoredLog final : public Log {
 public:
  StoredLog(std::unique_ptr<LogStore> store, Rebuilt rebuilt, std::unique_ptr<Losses> losses, const LogOptions& options,
            const Clock& clock, BelievedTime time)
      : store_(std::move(store)),
        losses_(std::move(losses)),
        epoch_(store_->state().epoch),
        index_(std::move(rebuilt.index)),
        queue_(options.queue_bytes),
        sequencer_(*store_, *index_, std::move(rebuilt.window), std::move(rebuilt.names), rebuilt.last_time, clock),
        holes_(options.holes),
        reader_(*store_, *index_, holes_, *losses_),
        upkeep_(*store_, sequencer_, *losses_, options.retention, clock, options.upkeep_interval, std::move(time),
                holes_) {}

  ~StoredLog() override { stop(); }

  void start(CommitListener& listener) override {
    thread_ = std::thread([this, &listener] { sequencer_.run(queue_, listener); });
    upkeep_.start();
  }

  Admission publish(Draft&& draft) override { return queue_.push(std::move(draft)); }

  Epoch epoch() const override { return epoch_; }
  Offset head() const override { return sequencer_.head(); }
  Offset first() const override { return store_->state().first; }
  StoreStats stats() const override {
    auto stats = store_->stats();
    const auto state = store_->state();
    stats.records = holes_.records_in({state.first, state.head});
    return stats;
  }
  std::string_view engine() const override { return store_->engine(); }
  std::string why_not_writable() const override { return sequencer_.why_not_writable(); }

  Result<ChannelPage> read_channel(std::string_view channel, Offset after, Offset up_to, PageLimits page,
                                   RecordVisitor visit) const override {
    return reader_.read(channel, after, up_to, page, visit);
  }

  Result<Offset> offset_before_last(std::string_view channel, Offset up_to, std::size_t count) const override {
    return reader_.before_last(channel, up_to, count);
  }

  Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page, RecordVisitor visit) const override {
    return store_->scan(from, to, direction, page, visit);
  }

  Result<Offset> first_not_older_than(TimeMs moment) const override {
    return first_not_older(*store_, first(), head(), moment);
  }

  Offset lost(std::string_view channel) const override { return losses_->of(channel); }
  Offset lost_settled(std::string_view channel) const override { return losses_->settled(channel); }

  Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const override { return store_->losses(visit); }

  const Holes& holes() const override { return holes_; }

  void close() override { stop(); }

 private:
  void stop() {
    queue_.close();
    if (thread_.joinable()) thread_.join();
    upkeep_.stop();
    store_->close();
  }

  const std::unique_ptr<LogStore> store_;
  const std::unique_ptr<Losses> losses_;
  const Epoch epoch_;
  const std::unique_ptr<ChannelIndex> index_;
  DraftQueue queue_;
  Sequencer sequencer_;
  const Holes holes_;
  const ChannelReader reader_;
  Upkeep upkeep_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Log>> Log::open(std::unique_ptr<LogStore> store, const LogOptions& options, const Clock& clock) {
  auto rebuilt = rebuild(*store, options.dedupe_window_records, options.holes, options.channel_names);
  if (!rebuilt) return std::unexpected(rebuilt.error());
  auto losses = std::make_unique<Losses>();
  if (auto loaded = losses->load(*store); !loaded) return std::unexpected(loaded.error());
  std::optional<NoteFile> note;
  if (!options.clock_note.empty()) {
    auto opened = NoteFile::open(options.clock_note);
    if (!opened) return std::unexpected(opened.error());
    note.emplace(std::move(*opened));
  }
  // Before anything is stored at a time that may be wrong.
  const bool has_records = rebuilt->last_time.value > 0;
  BelievedTime time(clock, has_records ? rebuilt->last_time : clock.wall(), std::move(note));
  return std::make_unique<StoredLog>(std::move(store), std::move(*rebuilt), std::move(losses), options, clock,
                                     std::move(time));
}

}  // namespace tidemark
