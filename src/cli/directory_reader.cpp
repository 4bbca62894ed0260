#include "src/cli/directory_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "src/base/limits.h"
#include "src/cli/interruption.h"
#include "src/cli/progress.h"
#include "src/log/age_search.h"
#include "src/log/index_segment.h"

namespace tidemark::cli {
namespace {

/// Records of a channel with so few others between them are read by one scan.
constexpr std::uint64_t kNearOffsets = 64;
/// Of a channel, found before they are read: a bound on memory.
constexpr std::size_t kPlacesAtOnce = 10'000;

}  // namespace

Result<std::unique_ptr<DirectoryReader>> DirectoryReader::open(DataDirectory directory, const CommandOptions& options) {
  auto log = open_on_disk(directory, options);
  if (!log) return std::unexpected(log.error());
  return std::make_unique<DirectoryReader>(std::move(directory), std::move(*log));
}

Result<bool> DirectoryReader::scan_all(OffsetRange range, RecordVisitor visit, DamageVisitor damaged) {
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
        wanted = visit(record);
        return wanted;
      },
      [&](OffsetRange stretch, const Error& error) {
        if (!missing_before(stretch.first)) return false;
        expected = stretch.last.next();
        wanted = damaged(stretch, error);
        return wanted;
      });
  if (scanned && wanted) missing_before(std::min(range.last, log_.store->state().head).next());
  if (!scanned) return std::unexpected(scanned.error());
  return wanted;
}

Result<void> DirectoryReader::scan(OffsetRange range, std::string_view channel, RecordVisitor visit,
                                   DamageVisitor damaged) {
  const auto state = log_.store->state();
  range = {std::max(range.first, state.first), std::min(range.last, state.head)};
  const auto of_channel = [&](const RecordView& record) { return record.channel != channel || visit(record); };
  while (!range.empty()) {
    auto part = channel.empty() ? Places{.ranges = {range}, .covered = range.last} : places_of(channel, range);
    for (const OffsetRange& place : part.ranges) {
      const auto wanted = channel.empty() ? scan_all(place, visit, damaged) : scan_all(place, of_channel, damaged);
      if (!wanted) return std::unexpected(wanted.error());
      if (!*wanted) return {};
    }
    range.first = part.covered.next();
  }
  return {};
}

Offset DirectoryReader::last_indexed() const {
  const auto state = log_.store->state();
  // It is nearly always the segment before the newest record's; else it is looked for in steps of 1, 2, 4, ...
  const auto first = segment_of(state.first), end = segment_of(state.head.next());
  for (std::uint64_t step = 0; step < 2 * (end - first + 1); step = 2 * step + 1) {
    const auto from = end - std::min(step, end - first);
    std::optional<std::uint64_t> last;
    const auto visited = log_.store->key_segments(from, [&](std::uint64_t segment, std::string_view) {
      last = segment;
      return true;
    });
    if (!visited) return {};
    if (last) return std::min(segment_last(*last), state.head);
  }
  return {};
}

DirectoryReader::Places DirectoryReader::places_of(std::string_view channel, OffsetRange range) const {
  const Places all{.ranges = {range}, .covered = range.last};
  const auto indexed = last_indexed();
  if (range.first > indexed) return all;
  Places found{.ranges = {}, .covered = std::min(indexed, range.last)};
  const auto add = [&](OffsetRange place) {
    place = {std::max(place.first, range.first), std::min(place.last, range.last)};
    if (place.empty()) return;
    auto& ranges = found.ranges;
    const bool near = !ranges.empty() && place.first.value() - ranges.back().last.value() <= kNearOffsets;
    near ? void(ranges.back().last = place.last) : ranges.push_back(place);
  };
  const auto visited =
      log_.store->channel_segments(channel, segment_of(range.first), [&](std::uint64_t segment, std::string_view row) {
        if (segment_first(segment) > range.last) return false;
        const auto offsets = decode_offsets(segment, row);
        if (!offsets) add({segment_first(segment), segment_last(segment)});  // from the records themselves
        for (const Offset offset : offsets.value_or(std::vector<Offset>())) add({offset, offset});
        if (found.ranges.size() < kPlacesAtOnce) return true;
        found.covered = std::min(segment_last(segment), found.covered);
        return false;
      });
  return visited ? found : all;
}

Result<Offset> DirectoryReader::first_not_older(OffsetRange range, TimeMs moment) {
  return tidemark::first_not_older(*log_.store, range.first, range.last, moment);
}

Result<LogFacts> DirectoryReader::facts() {
  const LogStore& store = *log_.store;
  const auto stats = store.stats();
  LogFacts facts{.engine = log_.engine,
                 .state = store.state(),
                 .records = log_.known.holes.records_in({store.state().first, store.state().head}),
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

Result<ChannelList> DirectoryReader::channels() {
  ChannelList list;
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
      [&](OffsetRange stretch, const Error& error) {
        list.damage.add(stretch, error);
        return !interrupted();
      });
  if (!scanned) return std::unexpected(scanned.error());
  for (const Finding& finding : log_.beside) list.damage.add(finding.text);
  if (auto newest = check_newest(); !newest) list.damage.add(newest.error().context);
  list.channels.reserve(found.size());
  for (auto& [name, channel] : found) list.channels.push_back(std::move(channel));
  return list;
}

Result<void> DirectoryReader::check_newest() {
  const auto state = log_.store->state();
  return HeadFloor::check(log_.known.floor, {state.epoch, state.head}, directory_.path());
}

Result<LogPast> DirectoryReader::past() {
  // A copy has a head floor of its own, by its own head: made of a log that is too short it would call that all there was.
  if (auto newest = check_newest(); !newest) return std::unexpected(newest.error());
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
