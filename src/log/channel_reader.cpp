#include "src/log/channel_reader.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

namespace tidemark {
namespace {

/// A point read costs about four times a step of a scan (measured on SQLite and RocksDB), so a channel that holds at
/// least a quarter of the offsets is read by a scan that skips the others.
constexpr std::uint64_t kScanFactor = 4;

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

bool scan_is_cheaper(const std::vector<Offset>& offsets) {
  return offsets.back().value() - offsets.front().value() < kScanFactor * offsets.size();
}

}  // namespace

Result<ChannelReader::Plan> ChannelReader::plan(std::string_view channel, Offset from, Offset up_to,
                                                std::size_t records) const {
  // The unfinished segment first: whatever finishes in the meantime is then found in both places or here, never in
  // neither.
  auto unfinished = index_.find(channel, from, up_to, records);
  std::vector<Offset> offsets;
  if (segment_of(from) < unfinished.segment) {
    std::optional<Error> error;
    const auto visited =
        store_.channel_segments(channel, segment_of(from), [&](std::uint64_t segment, std::string_view encoded) {
          if (segment >= unfinished.segment || segment_first(segment) > up_to) return false;
          const auto decoded = decode_offsets(segment, encoded);
          if (!decoded) {
            error = decoded.error();
            return false;
          }
          auto offset = std::ranges::lower_bound(*decoded, from);
          for (; offset != decoded->end() && *offset <= up_to && offsets.size() < records; ++offset) {
            offsets.push_back(*offset);
          }
          return offsets.size() < records;
        });
    if (!visited) return std::unexpected(visited.error());
    if (error) return std::unexpected(*error);
  }
  const auto room = std::min(records - offsets.size(), unfinished.offsets.size());
  offsets.insert(offsets.end(), unfinished.offsets.begin(), unfinished.offsets.begin() + static_cast<long>(room));

  const auto covered = offsets.size() == records ? offsets.back() : up_to;
  return Plan{std::move(offsets), covered};
}

Result<ChannelPage> ChannelReader::read(std::string_view channel, Offset after, Offset up_to, PageLimits page,
                                        RecordVisitor visit) const {
  const auto from = std::max(after.next(), store_.state().first);
  if (from > up_to) return ChannelPage{std::max(after, up_to), true};
  const auto plan = this->plan(channel, from, up_to, std::max<std::size_t>(page.records, 1));
  if (!plan) return std::unexpected(plan.error());
  const auto& offsets = plan->offsets;
  if (offsets.empty()) return ChannelPage{up_to, true};

  std::size_t records = 0;
  std::size_t bytes = 0;
  std::optional<Offset> stopped_at;  // covered, if the page ended before the plan did
  const auto deliver = [&](const RecordView& record) {
    if (records > 0 && bytes + record.bytes() > page.bytes) {
      stopped_at = record.offset.previous();
      return false;
    }
    ++records;
    bytes += record.bytes();
    if (visit(record)) return true;
    stopped_at = record.offset;
    return false;
  };

  Result<void> done;
  if (scan_is_cheaper(offsets)) {
    std::size_t skipped_bytes = 0;
    done = store_.scan(offsets.front(), offsets.back(), Direction::forward, {kUnbounded, kUnbounded},
                       [&](const RecordView& record) {
                         if (record.channel == channel) return deliver(record);
                         skipped_bytes += record.bytes();
                         if (records == 0 || skipped_bytes <= kScanFactor * page.bytes) return true;
                         stopped_at = record.offset;
                         return false;
                       });
  } else {
    done = store_.read(offsets, deliver);
  }
  if (!done) return std::unexpected(done.error());

  // Stopping at the last one of the plan has covered all of it.
  const auto covered = !stopped_at || *stopped_at == offsets.back() ? plan->covered : *stopped_at;
  return ChannelPage{covered, covered == up_to};
}

Result<Offset> ChannelReader::before_last(std::string_view channel, Offset up_to, std::size_t count) const {
  // The answer is the offset of the newest record but `count`.
  const auto wanted = std::max(count, count + 1);
  const auto first = store_.state().first;
  const auto unfinished = index_.find_last(channel, first, up_to, wanted);
  if (unfinished.offsets.size() == wanted) return unfinished.offsets.front();

  // Backwards over the finished segments in steps of 1, 2, 4, ... so that a busy channel is answered by the newest one
  // and a quiet one costs no more than twice a walk over all.
  auto missing = wanted - unfinished.offsets.size();
  auto end = std::min(unfinished.segment, up_to == Offset() ? 0 : segment_of(up_to) + 1);
  const auto oldest = segment_of(first);
  for (std::uint64_t step = 1; end > oldest; step *= 2) {
    const auto begin = end - std::min(step, end - oldest);
    std::vector<Offset> offsets;
    std::optional<Error> error;
    const auto visited = store_.channel_segments(channel, begin, [&](std::uint64_t segment, std::string_view encoded) {
      if (segment >= end) return false;
      const auto decoded = decode_offsets(segment, encoded);
      if (!decoded) {
        error = decoded.error();
        return false;
      }
      std::ranges::copy_if(*decoded, std::back_inserter(offsets),
                           [&](Offset offset) { return offset >= first && offset <= up_to; });
      return true;
    });
    if (!visited) return std::unexpected(visited.error());
    if (error) return std::unexpected(*error);
    if (offsets.size() >= missing) return offsets[offsets.size() - missing];
    missing -= offsets.size();
    end = begin;
  }
  return Offset();
}

}  // namespace tidemark
