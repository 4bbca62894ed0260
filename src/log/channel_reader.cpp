#include "src/log/channel_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "src/base/journal.h"
#include "src/log/damage.h"

namespace tidemark {
namespace {

/// A point read costs about four times a step of a scan (measured on SQLite and RocksDB), so a channel that holds at
/// least a quarter of the offsets is read by a scan that skips the others.
constexpr std::uint64_t kScanFactor = 4;

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

bool scan_is_cheaper(std::span<const Offset> offsets) {
  return offsets.back().value() - offsets.front().value() < kScanFactor * offsets.size();
}

/// Hands the planned records of one page to the visitor, in order and none left out.
class Delivery {
 public:
  Delivery(std::string_view channel, std::span<const Offset> planned, PageLimits page, RecordVisitor visit)
      : channel_(channel), planned_(planned), page_(page), visit_(visit) {}

  /// What is owed still, in order.
  [[nodiscard]] std::span<const Offset> owed() const { return planned_.subspan(next_); }
  /// The page ended, by its limits or by the visitor: all of the channel's records up to here were visited.
  [[nodiscard]] std::optional<Offset> stopped_at() const { return stopped_at_; }
  [[nodiscard]] bool done() const { return stopped_at_ || owed().empty(); }

  /// A record of any channel. False: no more of this scan.
  bool take(const RecordView& record) {
    if (record.channel != channel_) return skip(record);
    // A record beyond the one that is owed: that one is not there.
    if (!owed().empty() && record.offset > owed().front()) return false;
    if (records_ > 0 && bytes_ + record.bytes() > page_.bytes) {
      stopped_at_ = record.offset.previous();
      return false;
    }
    ++records_;
    bytes_ += record.bytes();
    if (!owed().empty() && record.offset == owed().front()) ++next_;
    if (visit_(record)) return !done();
    stopped_at_ = record.offset;
    return false;
  }

  /// Whatever was planned before `first` was trimmed meanwhile.
  void drop_before(Offset first) {
    next_ = static_cast<std::size_t>(std::ranges::lower_bound(planned_, first) - planned_.begin());
  }

 private:
  bool skip(const RecordView& record) {
    if (!owed().empty() && record.offset >= owed().front()) return false;  // the index says it is ours
    skipped_bytes_ += record.bytes();
    if (records_ == 0 || skipped_bytes_ <= kScanFactor * page_.bytes) return true;
    stopped_at_ = record.offset;
    return false;
  }

  const std::string_view channel_;
  const std::span<const Offset> planned_;
  const PageLimits page_;
  const RecordVisitor visit_;
  std::size_t next_ = 0;
  std::size_t records_ = 0;
  std::size_t bytes_ = 0;
  std::size_t skipped_bytes_ = 0;  // of other channels
  std::optional<Offset> stopped_at_;
};

/// Reads what is owed, at first in one call to the store.
Result<void> deliver(const LogStore& store, const Losses& losses, Delivery& delivery) {
  // How to read: where records are damaged, a scan is stopped by those of other channels too, and reading many at once
  // by those that come later.
  enum class By : std::uint8_t { scan, many, one };
  auto by = scan_is_cheaper(delivery.owed()) ? By::scan : By::many;
  const auto take = [&](const RecordView& record) { return delivery.take(record); };
  while (!delivery.done()) {
    const auto owed = delivery.owed();
    const auto read = by == By::scan
                          ? store.scan(owed.front(), owed.back(), Direction::forward, {kUnbounded, kUnbounded}, take)
                          : store.read(by == By::many ? owed : owed.first(1), take);
    if (delivery.done()) return {};
    if (!read && read.error().code != ErrorCode::corrupt) return read;
    if (!read && by == By::one) return std::unexpected(about_record(delivery.owed().front(), read.error()));
    if (!read) {
      by = By::one;
    } else if (const auto first = store.state().first; delivery.owed().front() < first) {
      delivery.drop_before(first);
    } else if (by != By::one) {
      by = By::one;
    } else if (delivery.owed().size() == owed.size()) {
      (void)losses.settled({});  // a trim under way has hidden it, perhaps
      if (const auto settled = store.state().first; delivery.owed().front() < settled) {
        delivery.drop_before(settled);
        continue;
      }
      return fail(
          ErrorCode::corrupt,
          fmt::format("the record at offset {} is missing from its channel; {}", owed.front().value(), kDamageAdvice),
          owed.front());
    }
  }
  return {};
}

}  // namespace

Result<void> ChannelReader::look_through(std::string_view channel, std::uint64_t segment, OffsetRange range,
                                         std::vector<Offset>& offsets) const {
  const OffsetRange part{std::max(range.first, segment_first(segment)), std::min(range.last, segment_last(segment))};
  auto expected = part.first;
  const auto add_missing = [&](Offset before) {
    for (const OffsetRange& missing : holes_.rest_of({expected, before.previous()})) {
      for (auto offset = missing.first; offset <= missing.last; offset = offset.next()) offsets.push_back(offset);
    }
  };
  const auto of_channel = [&](const RecordView& record) {
    add_missing(record.offset);
    expected = record.offset.next();
    if (record.channel == channel) offsets.push_back(record.offset);
    return true;
  };
  const auto perhaps = [&](OffsetRange stretch, const Error&) {
    add_missing(stretch.last.next());
    expected = stretch.last.next();
    return true;
  };
  auto scanned = scan_around_damage(store_, part, of_channel, perhaps);
  if (scanned) add_missing(part.last.next());
  return scanned;
}

Result<std::uint64_t> ChannelReader::gather(std::string_view channel, std::uint64_t begin, std::uint64_t end,
                                            OffsetRange range, std::size_t limit, std::vector<Offset>& offsets) const {
  auto reached = begin;
  std::optional<Error> damage;
  const auto visited = store_.channel_segments(channel, begin, [&](std::uint64_t segment, std::string_view encoded) {
    if (segment >= end) return false;
    reached = segment;
    const auto decoded = decode_offsets(segment, encoded);
    if (!decoded) {
      damage = decoded.error();
      return false;
    }
    auto offset = std::ranges::lower_bound(*decoded, range.first);
    for (; offset != decoded->end() && *offset <= range.last && offsets.size() < limit; ++offset) {
      offsets.push_back(*offset);
    }
    ++reached;
    return offsets.size() < limit;
  });
  if (!visited && visited.error().code != ErrorCode::corrupt) return std::unexpected(visited.error());
  if (!visited) damage = visited.error();
  if (offsets.size() >= limit) return reached;
  if (!damage || reached >= end) return end;
  journal::warning("index-damaged", {{"engine", store_.engine()}, {"segment", reached}, {"cause", damage->context}});
  if (auto looked = look_through(channel, reached, range, offsets); !looked) return std::unexpected(looked.error());
  return reached + 1;
}

Result<ChannelReader::Plan> ChannelReader::plan(std::string_view channel, Offset from, Offset up_to,
                                                std::size_t records) const {
  // The unfinished segment first: whatever finishes in the meantime is then found in both places or here, never in
  // neither.
  auto unfinished = index_.find(channel, from, up_to, records);
  std::vector<Offset> offsets;
  if (const auto end = std::min(unfinished.segment, segment_of(up_to) + 1); segment_of(from) < end) {
    const auto reached = gather(channel, segment_of(from), end, {from, up_to}, records, offsets);
    if (!reached) return std::unexpected(reached.error());
    if (offsets.size() > records) offsets.resize(records);
    if (*reached < end && offsets.size() < records) {
      return Plan{std::move(offsets), std::min(up_to, segment_last(*reached - 1))};
    }
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
  auto covered = plan->covered;
  if (!plan->offsets.empty()) {
    Delivery delivery(channel, plan->offsets, page, visit);
    if (auto done = deliver(store_, losses_, delivery); !done) return std::unexpected(done.error());
    // Stopping at the last one of the plan has covered all of it.
    const auto stopped = delivery.stopped_at();
    if (stopped && *stopped != plan->offsets.back()) covered = *stopped;
  }
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
    for (auto at = begin; at < end;) {
      const auto reached = gather(channel, at, end, {first, up_to}, kUnbounded, offsets);
      if (!reached) return std::unexpected(reached.error());
      at = *reached;
    }
    if (offsets.size() >= missing) return offsets[offsets.size() - missing];
    missing -= offsets.size();
    end = begin;
  }
  return Offset();
}

}  // namespace tidemark
