#include "src/cli/repair.h"

#include <fmt/format.h>

#include <optional>
#include <system_error>
#include <utility>

#include "backends/registry.h"
#include "src/base/journal.h"
#include "src/cli/exit_status.h"
#include "src/cli/interruption.h"
#include "src/cli/log_check.h"
#include "src/cli/progress.h"
#include "src/config/log_swap.h"
#include "src/log/free_space.h"
#include "src/log/salvage.h"

namespace tidemark::cli {
namespace {

namespace fs = std::filesystem;

/// Room on the disk beyond what the new log takes: with less, no engine appends to it.
constexpr auto kSpareBytes = limits::kMinFreeDefault * 3 / 2;

/// A repair writes the log a second time, beside the damaged one.
struct Room {
  std::uint64_t needed;
  std::optional<std::uint64_t> free;  // nothing: the file system does not say, and is believed to have it

  [[nodiscard]] bool enough() const { return !free || *free >= needed; }
};

Room room_for(const fs::path& data, const LogStore& damaged) {
  return {damaged.stats().bytes_on_disk + kSpareBytes, free_bytes(data)};
}

int say_no_room(const fs::path& data, const Room& room) {
  return complain(
      {ErrorCode::out_of_space,
       fmt::format("a repair writes the log a second time and needs {} free for that in {}, {} of them to "
                   "spare, where {} are; make room on its disk. Nothing was changed",
                   size_text(room.needed), data.string(), size_text(kSpareBytes), size_text(room.free.value_or(0)))},
      kExitFailure);
}

int say_interrupted() {
  fmt::print(stderr, "tidemark: interrupted; nothing was changed\n");
  return kExitInterrupted;
}

std::uint64_t bytes_below(const fs::path& directory) {
  std::uint64_t bytes = 0;
  std::error_code ignored;  // it is only to be told
  for (fs::recursive_directory_iterator entry(directory, ignored), end; entry != end; entry.increment(ignored)) {
    if (entry->is_regular_file(ignored)) bytes += entry->file_size(ignored);
  }
  return bytes;
}

/// Nothing half-made is left behind, however the repair ends.
class NewLog {
 public:
  [[nodiscard]] static Result<NewLog> begin(const fs::path& data) {
    auto path = begin_new_log(data);
    if (!path) return std::unexpected(path.error());
    return NewLog(data, std::move(*path));
  }
  NewLog(NewLog&& other) noexcept : data_(other.data_), path_(std::exchange(other.path_, {})) {}
  NewLog& operator=(NewLog&&) = delete;
  ~NewLog() {
    if (path_.empty()) return;
    if (const auto dropped = drop_new_log(data_); !dropped) complain(dropped.error(), kExitFailure);
  }

  [[nodiscard]] const fs::path& path() const { return path_; }
  Result<fs::path> put_in_place() {
    path_.clear();
    return swap_logs(data_);
  }

 private:
  NewLog(fs::path data, fs::path path) : data_(std::move(data)), path_(std::move(path)) {}

  fs::path data_;
  fs::path path_;  // empty: no longer ours to remove
};

Result<Salvaged> salvage_into(const NewLog& target, const LogOnDisk& damaged, Epoch epoch) {
  Progress progress("saving");
  return salvage(*damaged.store, {.directory = target.path(),
                                  .epoch = epoch,
                                  .holes = damaged.known.holes,
                                  .floor = damaged.known.floor,
                                  .open =
                                      [&] {
                                        return open_store(
                                            damaged.engine,
                                            {.directory = target.path(), .epoch_if_new = epoch, .accept_loss = true});
                                      },
                                  .on_progress =
                                      [&](std::uint64_t done, std::uint64_t total) {
                                        progress.update(done, total);
                                        return !interrupted();
                                      }});
}

/// The new log, read from the disk again, is as sound as it can be: nothing is wrong with it that a repair could mend.
Result<Verdict> check_new(const NewLog& target, const std::string& engine, const Salvaged& saved) {
  const auto log = open_new_log(engine, target.path(), saved.holes);
  if (!log) return std::unexpected(log.error());
  auto verdict = check(*log, "checking the new log");
  if (!verdict || verdict->stopped) return verdict;
  if (verdict->repairable() || verdict->records != saved.records) {
    return fail(ErrorCode::corrupt,
                "the new log is not sound either; nothing was changed; check the disk and memory of "
                "this machine, or restore the log from a copy");
  }
  return verdict;
}

void print_losses(const Holes& lost, bool dry) {
  if (lost.empty()) {
    fmt::print("{} nothing\n", dry ? "would lose" : "lost");
  } else {
    fmt::print("{} {}: {} {}\n", dry ? "would lose" : "lost", counted(lost.size(), "record"),
               lost.size() == 1 ? "offset" : "offsets", list(lost));
  }
}

/// A new log would be an empty one. Often a file is missing that is still somewhere, so nobody gets that unasked.
bool keeps_nothing(const Verdict& verdict) { return verdict.records == 0 && !verdict.lost.empty(); }

int say_nothing_kept(const Verdict& verdict) {
  return complain({ErrorCode::corrupt,
                   fmt::format("a repair would keep nothing: of {} none can be read (what was found stands above); "
                               "bring back the files that are missing, restore the log from a copy, or go on without "
                               "any of them by --force. Nothing was changed",
                               counted(verdict.lost.size(), "record"))},
                  kExitFailure);
}

/// Why a log that lost nothing may be another one all the same.
std::string_view why_new_epoch(const Verdict& verdict) {
  if (!verdict.lost.empty() || verdict.complete()) return {};
  return "the engine's own files are damaged, so there may have been newer records that nobody sees any more; ";
}

int dry_run(const fs::path& data, const LogStore& damaged, const Verdict& verdict) {
  const auto state = damaged.state();
  const auto room = room_for(data, damaged);
  fmt::print("would keep {}, {}\n", counted(verdict.records, "record"), extent(state));
  print_losses(verdict.lost, true);
  fmt::print("{}\n",
             verdict.complete()
                 ? fmt::format("would keep the epoch {}", state.epoch.text())
                 : fmt::format("would get a new epoch: {}clients that come back are told that it is another log",
                               why_new_epoch(verdict)));
  fmt::print("would need {} free on the disk, {} for the new log beside the damaged one and {} to spare: {}\n",
             size_text(room.needed), size_text(room.needed - kSpareBytes), size_text(kSpareBytes),
             !room.free      ? "the disk does not say what is free"
             : room.enough() ? fmt::format("{} are", size_text(*room.free))
                             : fmt::format("only {} are, make room first", size_text(*room.free)));
  return kExitFailure;
}

int run(const DataDirectory& directory, LogOnDisk damaged, const Verdict& verdict) {
  const auto old_state = damaged.store->state();
  // Part of the table meta may be what is damaged; then nobody knows the old epoch any more.
  const bool keep_epoch = verdict.complete() && old_state.epoch != Epoch();
  const auto epoch = keep_epoch ? old_state.epoch : Epoch::random();
  const auto room = [&] { return room_for(directory.path(), *damaged.store); };
  if (!room().enough()) return say_no_room(directory.path(), room());
  auto target = NewLog::begin(directory.path());
  if (!target) return complain(target.error(), kExitFailure);
  const auto saved = salvage_into(*target, damaged, epoch);
  if (interrupted()) return say_interrupted();
  if (!saved && saved.error().code == ErrorCode::out_of_space) return say_no_room(directory.path(), room());
  if (!saved) return complain(saved.error(), kExitFailure);
  const auto checked = check_new(*target, damaged.engine, *saved);
  if (interrupted()) return say_interrupted();
  if (!checked) return complain(checked.error(), kExitFailure);
  damaged.store->close();
  const auto kept = target->put_in_place();
  if (!kept) return complain(kept.error(), kExitFailure);

  fmt::print("kept {}, offsets up to {}\n", counted(saved->records, "record"), saved->head.value());
  print_losses(saved->lost, false);
  if (keep_epoch) {
    fmt::print("epoch {} as before\n", epoch.text());
  } else {
    fmt::print("epoch {} -> {}: {}clients that come back are told that it is another log\n", old_state.epoch.text(),
               epoch.text(), why_new_epoch(verdict));
  }
  fmt::print("the damaged log is kept in {} ({}); delete it when nobody needs it any more\n", kept->string(),
             size_text(bytes_below(*kept)));
  return kExitOk;
}

}  // namespace

int repair(const CommandOptions& options) {
  // To look is enough for a dry run, and allowed on a disk that cannot be written.
  const auto directory =
      options.dry_run ? DataDirectory::look(options.data) : DataDirectory::open_for_change(options.data);
  if (!directory) return complain(directory.error(), kExitFailure);
  journal::set_level(journal::Level::error);  // what a server would note while it opens a log
  auto log = open_on_disk(*directory, options);
  if (!log) return complain(log.error(), kExitFailure);
  note_interruptions();
  const auto verdict = check(*log, "checking");
  if (!verdict) return complain(verdict.error(), kExitFailure);
  if (verdict->stopped) return say_interrupted();
  const auto state = log->store->state();
  if (verdict->clean()) {
    fmt::print("sound: {}, {}; nothing was changed\n", counted(verdict->records, "record"), extent(state));
    return kExitOk;
  }
  if (!verdict->repairable()) {
    fmt::print("nothing that a repair could mend: records stay as they were written; nothing was changed\n");
    return kExitFailure;
  }
  if (keeps_nothing(*verdict) && !options.force) return say_nothing_kept(*verdict);
  if (options.dry_run) return dry_run(directory->path(), *log->store, *verdict);
  return run(*directory, std::move(*log), *verdict);
}

}  // namespace tidemark::cli
