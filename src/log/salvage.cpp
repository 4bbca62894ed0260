#include "src/log/salvage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/log/channel_index.h"
#include "src/log/damage.h"
#include "src/log/dedupe_window.h"

namespace tidemark {
namespace {

class Salvage {
 public:
  Salvage(const LogStore& damaged, const SalvageOptions& options)
      : damaged_(damaged), options_(options), state_(damaged.state()), next_(state_.first), index_(state_.first) {
    result_.holes = options.holes;
    result_.head = state_.head;
    if (options.floor && options.floor->counts_for(state_.epoch)) {
      result_.head = std::max(result_.head, options.floor->head);
    }
  }

  Result<Salvaged> run() {
    auto opened = options_.open();
    if (!opened) return std::unexpected(opened.error());
    auto store = std::move(*opened);
    if (auto copied = copy_records(*store); !copied) return std::unexpected(copied.error());
    lose({next_, result_.head});
    if (auto read = read_losses(); !read) return std::unexpected(read.error());

    const bool shorter = store->state().head < result_.head;
    if (shorter) {
      store->close();
      store.reset();
      if (auto set = set_floor(); !set) return std::unexpected(set.error());
      opened = options_.open();
      if (!opened) return std::unexpected(opened.error());
      store = std::move(*opened);
    }
    if (state_.first > Offset(1) || !losses_.empty()) {
      std::vector<ChannelLoss> losses;
      for (const auto& [channel, last] : losses_) losses.push_back({channel, last});
      const auto before = std::min(state_.first, store->state().head.next());
      if (auto trimmed = store->trim(before, losses); !trimmed) return std::unexpected(trimmed.error());
    }
    store->close();
    result_.holes.add(result_.lost);
    if (!result_.holes.empty()) {
      if (auto written = write_holes(options_.directory, result_.holes); !written) {
        return std::unexpected(written.error());
      }
    }
    return result_;
  }

 private:
  void lose(OffsetRange range) {
    for (const OffsetRange& part : options_.holes.rest_of(range)) result_.lost.add(part);
  }

  // --- records ----------------------------------------------------------------------------------------------------------

  Result<void> copy_records(LogStore& into) {
    while (next_ <= state_.head) {
      if (auto read = read_batch(); !read) return read;
      if (auto written = write_batch(into); !written) return written;
      const auto total = state_.head.next().value() - state_.first.value();
      if (!options_.on_progress(next_.value() - state_.first.value(), total)) {
        return fail(ErrorCode::closed, "interrupted; nothing was changed");
      }
    }
    return {};
  }

  /// A visitor must not write, so the batch is copied before it is.
  Result<void> read_batch() {
    batch_.clear();
    std::size_t bytes = 0;
    bool full = false;
    const auto scanned = scan_around_damage(
        damaged_, {next_, state_.head},
        [&](const RecordView& record) {
          full = batch_.size() == limits::kBatchRecords ||
                 (!batch_.empty() && bytes + record.bytes() > limits::kBatchBytes);
          if (full) return false;
          lose({next_, record.offset.previous()});
          next_ = record.offset.next();
          bytes += record.bytes();
          batch_.emplace_back(record);
          return true;
        },
        [&](OffsetRange stretch, const Error&) {
          lose({next_, stretch.last});
          next_ = stretch.last.next();
          return true;
        });
    if (!scanned) return scanned;
    if (full) return {};
    lose({next_, state_.head});
    next_ = state_.head.next();
    return {};
  }

  Result<void> write_batch(LogStore& into) {
    if (batch_.empty()) return {};
    std::vector<RecordView> views;
    views.reserve(batch_.size());
    for (const Record& record : batch_) {
      views.push_back(record.view());
      index_.stage(record.channel, record.offset);
      if (record.client_key.empty()) continue;
      index_.stage_key(DedupeWindow::hash(record.channel, record.client_key), record.offset);
    }
    if (auto appended = into.append(views, index_.finished()); !appended) return appended;
    index_.commit();
    result_.records += batch_.size();
    return {};
  }

  // --- what the channels lost to trimming --------------------------------------------------------------------------------

  /// Where it cannot be read, every channel is told, of everything that was trimmed: too much rather than too little.
  Result<void> read_losses() {
    const auto visited = damaged_.losses([&](const ChannelLoss& loss) {
      // A loss says that everything before it is gone: one that cannot be would hide what is there.
      losses_.emplace(loss.channel, std::min(loss.last, state_.first.previous()));
      return true;
    });
    if (visited || visited.error().code != ErrorCode::corrupt) return visited;
    if (state_.first > Offset(1)) losses_[""] = state_.first.previous();
    return {};
  }

  /// Nothing else in the contract says where the next offset is when the newest records are gone: a head floor does.
  Result<void> set_floor() {
    auto floor = HeadFloor::open(options_.directory);
    if (!floor) return std::unexpected(floor.error());
    if (auto noted = floor->note({options_.epoch, result_.head}); !noted) return noted;
    return floor->flush();
  }

  const LogStore& damaged_;
  const SalvageOptions& options_;
  const StoreState state_;
  Offset next_;  // to be copied
  ChannelIndex index_;
  std::vector<Record> batch_;
  std::map<std::string, Offset> losses_;
  Salvaged result_;
};

}  // namespace

Result<Salvaged> salvage(const LogStore& damaged, const SalvageOptions& options) {
  return Salvage(damaged, options).run();
}

}  // namespace tidemark
