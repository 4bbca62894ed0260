#include "backends/guarded_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backends/flush_directory.h"
#include "src/base/journal.h"
#include "src/base/limits.h"
#include "src/log/free_space.h"
#include "src/log/store_rules.h"

namespace tidemark {

Result<HeadFloor::Note> reconcile(const StoreOptions& options, std::string_view engine, HeadFloor& floor,
                                  HeadFloor::Note opened, bool damaged,
                                  FunctionRef<Result<void>(Epoch epoch, Offset next)> renew,
                                  FunctionRef<Result<void>()> settle) {
  const auto checked = floor.check(opened);
  if (!checked && !options.accept_loss) return std::unexpected(checked.error());
  HeadFloor::Note agreed = opened;
  if (!checked || damaged) {
    const auto acknowledged = checked ? opened.head : floor.noted()->head;
    agreed = {options.epoch_if_new, acknowledged};
    if (auto renewed = renew(agreed.epoch, agreed.head.next()); !renewed) return std::unexpected(renewed.error());
    journal::warning("loss-accepted", {{"engine", engine},
                                       {"head", opened.head.value()},
                                       {"acknowledged", acknowledged.value()},
                                       {"epoch", agreed.epoch.text()}});
  }
  if (auto settled = settle(); !settled) return std::unexpected(settled.error());
  if (auto noted = floor.note(agreed); !noted) return std::unexpected(noted.error());
  // From here on the floor is there after a power cut, too; and so are the engine's names in this directory, which a
  // process that died may have left unflushed.
  if (auto flushed = floor.flush(); !flushed) return std::unexpected(flushed.error());
  if (auto flushed = flush_directory(options.directory); !flushed) return std::unexpected(flushed.error());
  return agreed;
}

Result<void> check_nothing_missing(const std::filesystem::path& directory) {
  const auto noted = HeadFloor::read(directory);
  if (!noted) return std::unexpected(noted.error());
  if (!*noted || (*noted)->head == Offset()) return {};
  return fail(
      ErrorCode::corrupt,
      fmt::format("the log in {0} is missing, of which everything up to offset {1} was acknowledged (so says {2}); "
                  "put it back or mount its disk, or, to begin a new log, move {2} away",
                  directory.string(), (*noted)->head.value(), (directory / HeadFloor::kFileName).string()));
}

GuardedStore::GuardedStore(std::unique_ptr<LogStore> engine, HeadFloor floor, std::filesystem::path directory,
                           std::vector<std::string> needed, FreeBytes free_bytes_min)
    : engine_(std::move(engine)),
      floor_(std::move(floor)),
      directory_(std::move(directory)),
      free_bytes_min_(free_bytes_min),
      epoch_(engine_->state().epoch) {
  for (auto& name : needed) needed_.push_back({directory_ / name});
}

Result<void> GuardedStore::append(std::span<const RecordView> records, std::span<const IndexSegment> segments) {
  if (closed_) return engine_->append(records, segments);  // says so
  if (auto checked = check_append(engine_->state().head, records); !checked) return checked;
  if (auto there = check_directory(); !there) return there;
  const bool only_asked = records.empty() && segments.empty();
  // What an engine that met the end of the disk says to a mere question is no answer: it writes nothing for it.
  const auto needed = only_asked && engine_was_full_ ? std::max(free_bytes_min_.append, limits::kMinFreeOnceFull)
                                                     : free_bytes_min_.append;
  if (auto room = check_free_space(directory_, needed); !room) return room;
  // Asked now and then, so that a power cut does not set the floor back by more than that.
  if (only_asked) flush_floor();
  auto done = engine_->append(records, segments);
  if (!only_asked) engine_was_full_ = !done && done.error().code == ErrorCode::out_of_space;
  if (!done || records.empty()) return done;
  note_head(records.back().offset);
  return {};
}

Result<void> GuardedStore::trim(Offset before, std::span<const ChannelLoss> losses) {
  if (!closed_) {
    if (auto checked = check_trim(engine_->state().head, before); !checked) return checked;
    if (auto room = check_free_space(directory_, free_bytes_min_.trim); !room) return room;
  }
  return engine_->trim(before, losses);
}

std::optional<std::filesystem::path> GuardedStore::missing() {
  if (floor_.is_deleted() || !directory_exists(directory_)) return directory_;
  for (NeededFile& file : needed_) {
    std::error_code error;
    const bool there = std::filesystem::exists(file.path, error);
    if (!there && !error && file.seen) return file.path;
    file.seen = file.seen || there;
  }
  return std::nullopt;
}

/// Whoever deletes the directory of a running server, or its files, leaves it writing to files that nobody can open again:
/// the engine reports success, and every record is lost when the process ends.
Result<void> GuardedStore::check_directory() {
  if (const auto gone = deleted_ ? std::nullopt : missing()) {
    deleted_ = Error{ErrorCode::io,
                     fmt::format("{} was deleted or moved while the log was open: what was appended now could never be "
                                 "read again; put it back",
                                 gone->string())};
  }
  if (deleted_) return std::unexpected(*deleted_);
  return {};
}

/// The records are durable without it; a floor that cannot be written guards less, and that is said once.
void GuardedStore::note_head(Offset head) {
  const auto noted = floor_.note({epoch_, head});
  floor_flushed_ = false;
  if (noted || std::exchange(floor_failed_, true)) return;
  journal::error("head-floor-failed", {{"engine", engine()}, {"cause", noted.error().context}});
}

void GuardedStore::flush_floor() {
  if (std::exchange(floor_flushed_, true)) return;
  const auto flushed = floor_.flush();
  if (flushed || std::exchange(floor_failed_, true)) return;
  journal::error("head-floor-failed", {{"engine", engine()}, {"cause", flushed.error().context}});
}

void GuardedStore::shut() {
  engine_->close();
  if (!std::exchange(closed_, true)) flush_floor();
}

}  // namespace tidemark
