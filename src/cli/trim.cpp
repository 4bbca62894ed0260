#include "src/cli/trim.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "backends/registry.h"
#include "src/base/clock.h"
#include "src/base/journal.h"
#include "src/cli/command_end.h"
#include "src/cli/log_check.h"
#include "src/cli/progress.h"
#include "src/config/data_directory.h"
#include "src/config/moment.h"
#include "src/config/value_text.h"
#include "src/log/age_search.h"
#include "src/log/holes.h"
#include "src/log/retention.h"

namespace tidemark::cli {
namespace {

/// The first offset that stays.
Result<Offset> first_to_stay(const LogStore& store, const CommandOptions& options) {
  const auto state = store.state();
  Offset before;
  if (const auto offset = parse_number(options.before)) {
    before = Offset(*offset);
    // A digit too many would remove all but one record.
    if (before > state.head) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("--before {}: the log ends at offset {}; give that to keep its newest record only",
                              before.value(), state.head.value()));
    }
  } else {
    const auto moment = parse_moment(options.before, SystemClock().wall());
    const auto found = first_not_older(store, state.first, state.head, *moment);
    if (!found) return found;
    before = *found;
  }
  // The newest stays: with it, everybody who comes back still finds out what is missing.
  return std::min(std::max(before, state.first), state.head);
}

Result<void> run(const CommandOptions& options) {
  if (options.before.empty()) {
    return fail(ErrorCode::invalid_argument, "trim needs --before OFFSET or --before TIME: what is older goes");
  }
  // To look is enough for a dry run.
  auto directory = options.dry_run ? DataDirectory::look(options.data) : DataDirectory::open_for_change(options.data);
  if (!directory) {
    auto error = directory.error();
    if (error.code == ErrorCode::locked)
      error.context +=
          "; a server trims by itself, once it is started with --retain-age, --retain-bytes or --retain-records";
    return std::unexpected(error);
  }
  const auto engine = engine_on_disk(*directory, options);
  if (!engine) return std::unexpected(engine.error());
  auto holes = read_holes(directory->path());
  if (!holes) return std::unexpected(holes.error());
  auto store = open_store(*engine, {.directory = directory->path(),
                                    .epoch_if_new = Epoch::random(),
                                    .read_only = options.dry_run,
                                    .free_bytes_min = 0});
  if (!store) return std::unexpected(store.error());
  LogStore& log = **store;
  const auto before = log.state();
  if (before.first > before.head) {
    fmt::print("nothing to trim: there is no record\n");
    return {};
  }
  const auto stays = first_to_stay(log, options);
  if (!stays) return std::unexpected(stays.error());
  const OffsetRange older{before.first, stays->previous()};
  const auto gone = holes->records_in(older);
  if (gone == 0) {
    fmt::print("nothing to trim: the log begins at offset {}\n", before.first.value());
    return {};
  }
  if (options.dry_run) {
    fmt::print("would remove {}, offsets {} to {}; {} would stay\n", counted(gone, "record"), before.first.value(),
               stays->previous().value(), grouped(holes->records_in({*stays, before.head})));
    return {};
  }
  const SystemClock clock;
  const auto staying = holes->records_in({*stays, before.head});
  Retention retention(log, {.age = {}, .bytes = 0, .records = staying}, clock, *holes);
  Progress progress("trimming");
  for (bool more = true; more && !interrupted();) {
    const auto stepped =
        retention.step([&](Offset end, std::span<const ChannelLoss> losses) { return log.trim(end, losses); });
    if (!stepped) return std::unexpected(stepped.error());
    more = *stepped;
    progress.update(holes->records_in({before.first, log.state().first.previous()}), gone);
  }
  progress.clear();
  const auto first = log.state().first;
  log.close();
  if (first == before.first) return fail(ErrorCode::closed, "interrupted; nothing was removed");
  fmt::print("removed {}, offsets {} to {}; the log begins at {}\n",
             counted(holes->records_in({before.first, first.previous()}), "record"), before.first.value(),
             first.previous().value(), first.value());
  if (first < *stays) return fail(ErrorCode::closed, "interrupted");
  return {};
}

}  // namespace

int trim(const CommandOptions& options) {
  journal::set_level(journal::Level::error);  // what a server would note while it opens a log
  note_interruptions();
  const auto done = run(options);
  if (!done && done.error().code == ErrorCode::closed) return complain(done.error(), kExitInterrupted);
  return done ? kExitOk : complain(done.error(), exit_status_of(done.error()));
}

}  // namespace tidemark::cli
