#include "src/cli/directory_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/log/age_search.h"

namespace tidemark::cli {

Result<std::unique_ptr<DirectoryReader>> DirectoryReader::open(DataDirectory directory, const CommandOptions& options) {
  auto log = open_on_disk(directory, options);
  if (!log) return std::unexpected(log.error());
  return std::make_unique<DirectoryReader>(std::move(directory), std::move(*log));
}

Result<void> DirectoryReader::scan(OffsetRange range, std::string_view channel, RecordVisitor visit,
                                   DamageVisitor damaged) {
  // Offsets that are simply not there are damage, too, unless a repair left them out.
  auto expected = std::max(range.first, log_.store->state().first);
  bool wanted = true;
  const auto missing_before = [&](Offset next) {
    for (const OffsetRange& missing : log_.known.holes.rest_of({expected, next.previous()})) {
      const Error gone{ErrorCode::corrupt, fmt::format("offset {}: the record is missing", missing.first.value())};
      if (wanted && !damaged(missing, gone)) wanted = false;
    }
    return wanted;
  };
  const auto scanned = scan_around_damage(
      *log_.store, range,
      [&](const RecordView& record) {
        if (record.offset != expected && !missing_before(record.offset)) return false;
        expected = record.offset.next();
        if (channel.empty() || record.channel == channel) wanted = visit(record);
        return wanted;
      },
      [&](OffsetRange stretch, const Error& error) {
        if (!missing_before(stretch.first)) return false;
        expected = stretch.last.next();
        wanted = damaged(stretch, error);
        return wanted;
      });
  if (scanned && wanted) missing_before(std::min(range.last, log_.store->state().head).next());
  return scanned;
}

Result<Offset> DirectoryReader::first_not_older(OffsetRange range, TimeMs moment) {
  return tidemark::first_not_older(*log_.store, range.first, range.last, moment);
}

Result<void> DirectoryReader::follow(Offset, std::string_view, const FollowVisitors&) {
  return fail(ErrorCode::invalid_argument, "no server uses this log, so nothing new can come");
}

}  // namespace tidemark::cli
