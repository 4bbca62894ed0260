#include "src/cli/log_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "backends/registry.h"
#include "src/base/command_limits.h"
#include "src/base/crc32c.h"
#include "src/cli/interruption.h"
#include "src/cli/log_check.h"
#include "src/cli/progress.h"
#include "src/log/record_checksum.h"

namespace tidemark::cli {
namespace {

std::unexpected<Error> differs(std::string_view what) {
  return fail(
      ErrorCode::corrupt,
      fmt::format("the new log differs from the old one in {}; it was removed and nothing was changed: check the "
                  "memory and the disk of this machine",
                  what));
}

}  // namespace

void RecordDigest::add(const RecordView& record) {
  ++records_;
  std::array<char, 3 * sizeof(std::uint64_t)> numbers{};
  const std::uint64_t offset = record.offset.value();
  const std::int64_t time = record.time.value;
  const std::uint64_t sum = record_checksum(record);
  std::memcpy(numbers.data(), &offset, sizeof offset);
  std::memcpy(numbers.data() + sizeof offset, &time, sizeof time);
  std::memcpy(numbers.data() + 2 * sizeof offset, &sum, sizeof sum);
  sum_ = crc32c(sum_, {numbers.data(), numbers.size()});
}

Completeness::Completeness(const LogReader& source, const LogOutline& outline)
    : live_(source.is_live()), holes_(outline.holes), expected_(outline.state.first) {}

Result<void> Completeness::reach(Offset next) {
  // A directory's reader tells what is missing itself, and nobody trims it.
  if (live_ && next != expected_ && !holes_.rest_of({expected_, next.previous()}).empty()) {
    return fail(ErrorCode::io,
                fmt::format("the records from offset {} on were trimmed meanwhile; do it again", expected_.value()));
  }
  expected_ = next.next();
  return {};
}

std::unexpected<Error> stopped_early() { return fail(ErrorCode::closed, "interrupted; nothing was changed"); }

Result<LogOutline> outline_of(LogReader& source) {
  // Where it begins first: if a server trims in between, its channels have lost more than that, and records are missing
  // when they are read, which is noticed. The other way round the copy would know of less than is gone.
  const auto state = source.state();
  if (!state) return std::unexpected(state.error());
  // A log made from it would be taken for every other one that lost its epoch.
  if (state->epoch == Epoch()) {
    return std::unexpected(with_repair_advice({ErrorCode::corrupt, "the epoch of the log cannot be read"}));
  }
  auto past = source.past();
  if (!past) return std::unexpected(past.error());
  for (auto& [channel, last] : past->losses) last = std::min(last, state->first.previous());
  std::erase_if(past->losses, [](const auto& loss) { return loss.second == Offset(); });
  return LogOutline{.state = *state, .holes = std::move(past->holes), .losses = std::move(past->losses)};
}

LogOutline as_another_log(LogOutline outline) {
  outline.state.epoch = Epoch::random();
  const auto head = outline.state.head;
  const Offset last(std::min(head.value() + limits::kOffsetsSkipped, Offset::kMax - 1));
  if (head < last) outline.holes.add({head.next(), last});
  outline.state.head = std::max(head, last);
  return outline;
}

Error with_repair_advice(Error error) {
  if (error.code == ErrorCode::corrupt && error.context.find("tidemark repair") == std::string::npos) {
    error.context += "; nothing was changed: run 'tidemark repair' first";
  }
  return error;
}

Error with_option(Error error, std::string_view option) {
  constexpr std::string_view kMostly = "--data";
  for (auto at = error.context.find(kMostly); at != std::string::npos; at = error.context.find(kMostly, at)) {
    error.context.replace(at, kMostly.size(), option);
  }
  return error;
}

Result<void> about_the_copy(Result<void> done, const std::filesystem::path& target) {
  if (done || done.error().code != ErrorCode::out_of_space) return done;
  auto& text = done.error().context;
  text = fmt::format(
      "the new log does not fit on the disk of {}: {}; nothing was changed, make room there or name another directory",
      target.string(), text.substr(0, text.find(';')));
  return done;
}

LogBuilder builder_in(const NewDirectory& directory, std::string engine, const LogOutline& outline) {
  return {directory.path(), outline,
          [path = directory.path(), engine = std::move(engine), epoch = outline.state.epoch](bool building) {
            return open_store(engine,
                              {.directory = path, .epoch_if_new = epoch, .accept_loss = true, .building = building});
          }};
}

Result<RecordDigest> copy_log(LogReader& source, LogBuilder& into, const LogOutline& outline) {
  if (auto begun = into.begin(); !begun) return std::unexpected(begun.error());
  RecordDigest digest;
  Progress progress("copying");
  Result<void> wrong;
  const OffsetRange range{outline.state.first, outline.state.head};
  Completeness completeness(source, outline);
  const auto scanned = source.scan(
      range, {},
      [&](const RecordView& record) {
        wrong = completeness.reach(record.offset);
        if (wrong) wrong = into.add(record);
        if (!wrong) return false;
        digest.add(record);
        if (digest.records() % limits::kRecordsBetweenLooks != 0) return true;
        progress.update(record.offset.value() - range.first.value(), range.size());
        return !interrupted();
      },
      [&](OffsetRange, const Error& error) {
        wrong = std::unexpected(error);
        return false;
      });
  progress.clear();
  if (interrupted()) return stopped_early();
  if (!wrong) return std::unexpected(wrong.error());
  if (!scanned) return std::unexpected(scanned.error());
  if (auto whole = completeness.reach(range.last.next()); !whole) return std::unexpected(whole.error());
  if (auto finished = into.finish(); !finished) return std::unexpected(finished.error());
  return digest;
}

Result<void> prove(const NewDirectory& directory, const std::string& engine, const LogOutline& outline,
                   const RecordDigest& digest) {
  const auto log = open_new_log(engine, directory.path(), outline.holes);
  if (!log) return std::unexpected(log.error());

  const auto state = log->store->state();
  if (state.epoch != outline.state.epoch) return differs("its epoch");
  if (state.head != outline.state.head) return differs("where it ends");
  std::map<std::string, Offset> losses;
  const auto read = log->store->losses([&](const ChannelLoss& loss) {
    losses.emplace(loss.channel, loss.last);
    return true;
  });
  if (!read) return read;
  if (losses != outline.losses) return differs("what is gone of it");

  RecordDigest written;
  const auto verdict = check(*log, "checking the new log", [&](const RecordView& record) { written.add(record); });
  if (!verdict) return std::unexpected(verdict.error());
  if (verdict->stopped) return stopped_early();
  if (written != digest) return differs("its records");
  if (verdict->repairable()) return differs("what is said above");
  return {};
}

}  // namespace tidemark::cli
