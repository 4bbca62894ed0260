#include "src/log/retention.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "src/base/journal.h"
#include "src/base/limits.h"
#include "src/log/age_search.h"
#include "src/log/store_rules.h"

namespace tidemark {
namespace {

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

/// How many of `records`, which take `in_use` bytes, are above a limit of `bytes`: their share, and at least one.
std::uint64_t records_above(std::uint64_t bytes, std::uint64_t in_use, std::uint64_t records) {
  if (in_use <= bytes) return 0;
  const double share = static_cast<double>(in_use - bytes) / static_cast<double>(in_use);
  return static_cast<std::uint64_t>(static_cast<double>(records) * share) + 1;
}

}  // namespace

Result<Retention::Target> Retention::target(const StoreState& state) {
  Target result{state.first, {}};
  const auto raise = [&](Offset before, std::string_view rule) {
    if (before > result.before) result = {before, rule};
  };
  // By records, not offsets: a log that was restored as another one has a hole of a million before its newest.
  const OffsetRange kept{state.first, state.head};
  if (policy_.records > 0) raise(holes_.before_newest(kept, policy_.records), "records");
  if (policy_.bytes > 0 && state.first < state.head) {
    const auto records = holes_.records_in(kept);
    const auto above = records_above(policy_.bytes, store_.stats().bytes_in_use, records);
    if (above > 0) raise(holes_.before_newest(kept, records > above ? records - above : 1), "bytes");
  }
  if (policy_.age > Millis(0)) {
    if (aged_before_ <= state.first) {
      const TimeMs moment{time_.now().value - policy_.age.count()};
      const auto found = first_not_older(store_, state.first, state.head, moment);
      if (!found) return std::unexpected(found.error());
      aged_before_ = *found;
    }
    raise(aged_before_, "age");
  }
  return result;
}

Result<Retention::Slice> Retention::slice(Offset from, Offset before) const {
  Slice result{before, {}, {}};
  std::size_t records = 0;
  std::size_t bytes = 0;
  bool full = false;
  const auto missing = [&](OffsetRange range) {
    if (const auto rest = holes_.rest_of(range); !rest.empty()) result.damaged = rest.back().last;
  };
  for (bool all = false; !all && !full;) {
    const auto scanned = store_.scan(from, before.previous(), Direction::forward, {kUnbounded, kUnbounded},
                                     [&](const RecordView& record) {
                                       missing({from, record.offset.previous()});
                                       auto found = result.lost.find(record.channel);
                                       if (found == result.lost.end())
                                         found = result.lost.try_emplace(std::string(record.channel)).first;
                                       found->second = record.offset;
                                       from = record.offset.next();
                                       ++records;
                                       bytes += record.bytes();
                                       full = records >= limits::kTrimSliceRecords || bytes >= limits::kTrimSliceBytes;
                                       return !full;
                                     });
    if (scanned) {
      all = true;
      if (!full) missing({from, before.previous()});
    } else if (scanned.error().code == ErrorCode::corrupt) {
      result.damaged = from;
      from = from.next();
      full = ++records >= limits::kTrimSliceRecords;
      all = from >= before;
    } else {
      return std::unexpected(scanned.error());
    }
  }
  if (full) result.end = std::min(from, before);
  return result;
}

Result<bool> Retention::step(Trim trim) {
  const auto state = store_.state();
  const auto target = this->target(state);
  if (!target) return std::unexpected(target.error());
  if (target->before <= state.first) {
    report();
    return false;
  }
  const auto slice = this->slice(state.first, target->before);
  if (!slice) return std::unexpected(slice.error());
  std::vector<ChannelLoss> losses;
  losses.reserve(slice->lost.size() + 1);
  for (const auto& [channel, last] : slice->lost) losses.push_back({channel, last});
  if (slice->damaged != Offset()) {
    losses.push_back({"", slice->damaged});
    journal::warning("retention-damaged", {{"engine", store_.engine()}, {"offset", slice->damaged.value()}});
  }
  if (auto trimmed = trim(slice->end, losses); !trimmed) return std::unexpected(trimmed.error());
  removed_ += holes_.records_in({state.first, slice->end.previous()});
  removed_before_ = slice->end;
  rule_ = target->rule;
  return true;
}

/// A server at its limit trims at every look: the journal sums that up.
void Retention::report() {
  if (removed_ == 0) return;
  const auto now = clock_.steady();
  if (reported_ && now - reported_at_ < limits::kRetentionReport) return;
  reported_ = true;
  reported_at_ = now;
  journal::info(
      "retention",
      {{"engine", store_.engine()}, {"removed", removed_}, {"first", removed_before_.value()}, {"rule", rule_}});
  removed_ = 0;
}

}  // namespace tidemark
