#include "src/cli/directory_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "src/base/limits.h"
#include "src/cli/interruption.h"
#include "src/cli/progress.h"
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

Result<LogFacts> DirectoryReader::facts() {
  const LogStore& store = *log_.store;
  const auto stats = store.stats();
  LogFacts facts{.engine = log_.engine,
                 .state = store.state(),
                 .records = stats.records,
                 .bytes_on_disk = stats.bytes_on_disk,
                 .first_time = {},
                 .last_time = {},
                 .server = {}};
  // A damaged record has no time; the rest is known all the same.
  const auto time_at = [&](Direction direction, std::optional<TimeMs>& time) -> Result<void> {
    const auto read = store.scan(facts.state.first, facts.state.head, direction, {1, limits::kScanBytes},
                                 [&](const RecordView& record) {
                                   time = record.time;
                                   return false;
                                 });
    if (read || read.error().code == ErrorCode::corrupt) return {};
    return read;
  };
  if (auto read = time_at(Direction::forward, facts.first_time); !read) return std::unexpected(read.error());
  if (auto read = time_at(Direction::backward, facts.last_time); !read) return std::unexpected(read.error());
  return facts;
}

Result<std::vector<ChannelFacts>> DirectoryReader::channels() {
  std::map<std::string, ChannelFacts, std::less<>> found;
  const auto state = log_.store->state();
  const OffsetRange range{state.first, state.head};
  Progress progress("counting");
  auto last = found.end();  // records of one channel often come one after another
  const auto scanned = scan(
      range, {},
      [&](const RecordView& record) {
        if (last == found.end() || last->first != record.channel) {
          last = found.find(record.channel);
          if (last == found.end()) {
            last = found.try_emplace(std::string(record.channel)).first;
            last->second.name = record.channel;
            last->second.first = record.offset;
          }
        }
        ChannelFacts& channel = last->second;
        ++channel.records;
        channel.bytes += record.bytes();
        channel.last = record.offset;
        channel.last_time = record.time;
        if (record.offset.value() % limits::kScanRecords == 0) {
          progress.update(record.offset.value() - range.first.value(), range.size());
        }
        return !interrupted();
      },
      [](OffsetRange, const Error&) { return true; });
  if (!scanned) return std::unexpected(scanned.error());
  std::vector<ChannelFacts> result;
  result.reserve(found.size());
  for (auto& [name, channel] : found) result.push_back(std::move(channel));
  return result;
}

Result<LogPast> DirectoryReader::past() {
  LogPast past{.holes = log_.known.holes, .losses = {}};
  const auto read = log_.store->losses([&](const ChannelLoss& loss) {
    // A loss says that everything before it is gone: one that cannot be would hide what is there.
    past.losses.emplace(loss.channel, std::min(loss.last, log_.store->state().first.previous()));
    return true;
  });
  if (!read) return std::unexpected(read.error());
  return past;
}

Result<void> DirectoryReader::follow(Offset, std::string_view, const FollowVisitors&) {
  return fail(ErrorCode::invalid_argument, "no server uses this log, so nothing new can come");
}

}  // namespace tidemark::cli
