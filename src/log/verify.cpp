#include "src/log/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/log/damage.h"
#include "src/log/dedupe_window.h"
#include "src/log/index_segment.h"
#include "src/log/scan_ahead.h"

namespace tidemark {
namespace {

constexpr std::uint64_t kProgressRecords = 4096;  // between two calls of on_progress
constexpr std::size_t kPrefetched = 16;           // keys

const std::string kMissing = "missing";

std::string place(OffsetRange range) {
  if (range.first == range.last) return fmt::format("offset {}", range.first.value());
  return fmt::format("offsets {} to {}", range.first.value(), range.last.value());
}

/// `why` as it stands behind the place of its finding, which is not said twice. Example: "the record at offset 13 in FILE
/// fails its checksum" becomes "the record in FILE fails its checksum". It may be another place that is said: a row of zeroes
/// calls itself offset 0.
std::string without_place(std::string why, OffsetRange range) {
  const auto prefix = fmt::format("the record at offset {} cannot be read: ", range.first.value());
  if (why.starts_with(prefix)) why.erase(0, prefix.size());
  constexpr std::string_view kRecord = "the record";
  constexpr std::string_view kAt = " at offset ";
  const auto number = kRecord.size() + kAt.size();
  if (!why.starts_with(kRecord) || why.find(kAt) != kRecord.size()) return why;
  const auto behind = std::min(why.find_first_not_of("0123456789", number), why.size());
  if (behind > number) why.erase(kRecord.size(), behind - kRecord.size());
  return why;
}

class Verification {
 public:
  Verification(const LogStore& store, const VerifyOptions& options, VerifyListener& listener)
      : store_(store),
        options_(options),
        listener_(listener),
        state_(store.state()),
        expected_(state_.first),
        segment_(segment_of(state_.first)),
        window_(options.dedupe_window_records) {}

  Result<Verdict> run() {
    // It reads the whole log once more, on a thread of its own.
    auto structure_check = std::async(std::launch::async, [this] { return store_.verify(); });
    if (auto done = find_last_segment(); !done) return std::unexpected(done.error());
    if (auto done = check_records(); !done) return std::unexpected(done.error());
    if (verdict_.stopped) return verdict_;
    lose({expected_, state_.head}, kMissing);
    check_floor();
    flush_lost();
    if (auto done = check_losses(); !done) return std::unexpected(done.error());
    const auto structure = structure_check.get();
    if (!structure && structure.error().code != ErrorCode::corrupt) return std::unexpected(structure.error());
    if (!structure) report(Finding::Kind::structure, structure.error().context);
    return verdict_;
  }

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  /// What the records of a segment say.
  struct Contents {
    std::unordered_map<std::string, std::vector<Offset>, NameHash, std::equal_to<>> channels;
    std::vector<KeyHash> keys;
    Holes unreadable;
  };

  void report(Finding::Kind kind, std::string text) {
    // Whoever reads this has followed the first half of the advice.
    if (const auto advice = text.rfind(kDamageAdvice); advice != std::string::npos)
      text.resize(text.rfind("; ", advice));
    ++verdict_.findings;
    if (kind == Finding::Kind::odd_records) ++verdict_.odd_records;
    if (kind == Finding::Kind::index) ++verdict_.only_index;
    listener_.on_finding({kind, std::move(text)});
  }

  // --- lost offsets: stretches that touch are one finding ---------------------------------------------------------------

  void lose(OffsetRange range, const std::string& why) {
    if (range.empty()) return;  // as nearly always
    for (const OffsetRange& part : options_.holes.rest_of(range)) {
      if (!lost_ || lost_->last.next() != part.first || lost_why_ != why) {
        flush_lost();
        lost_ = part;
        lost_why_ = why;
      }
      lost_->last = part.last;
    }
  }

  void flush_lost() {
    if (!lost_) return;
    verdict_.lost.add(*lost_);
    report(Finding::Kind::lost_records, fmt::format("{}: {}", place(*lost_), without_place(lost_why_, *lost_)));
    lost_.reset();
  }

  // --- records ----------------------------------------------------------------------------------------------------------

  Result<void> check_records() {
    if (state_.first > state_.head) return {};
    Result<void> done;
    const auto scanned =
        scan_ahead([this](RecordVisitor visit, DamageVisitor damaged) { return scan_segments(visit, damaged); },
                   [&](const RecordView& record) {
                     done = reach(segment_of(record.offset));
                     return done && check_record(record);
                   },
                   [&](OffsetRange stretch, const Error& error) {
                     done = reach(segment_of(stretch.first));
                     return done && check_stretch(stretch, error);
                   });
    if (!scanned || !done) return scanned ? done : scanned;
    return verdict_.stopped ? done : reach(segment_of(state_.head) + 1);
  }

  /// Another thread's. One by one, so that no unreadable stretch belongs to two of them.
  Result<void> scan_segments(RecordVisitor visit, DamageVisitor damaged) const {
    bool wanted = true;
    for (auto segment = segment_of(state_.first); segment <= segment_of(state_.head) && wanted;
         segment = after(segment)) {
      const auto scanned = scan_around_damage(
          store_, offsets_in(segment), [&](const RecordView& record) { return wanted = visit(record); },
          [&](OffsetRange stretch, const Error& error) { return wanted = damaged(stretch, error); });
      if (!scanned) return scanned;
    }
    return {};
  }

  [[nodiscard]] OffsetRange offsets_in(std::uint64_t segment) const {
    return {std::max(state_.first, segment_first(segment)), std::min(state_.head, segment_last(segment))};
  }

  /// The next one, but for those of which nothing is left: known holes may be longer than anybody can count.
  [[nodiscard]] std::uint64_t after(std::uint64_t segment) const {
    const auto next = segment_first(segment + 1);
    const auto hole = options_.holes.at_or_after(next);
    return hole && hole->first == next ? segment_of(hole->last) : segment + 1;
  }

  /// All segments before it have been read.
  Result<void> reach(std::uint64_t segment) {
    for (; segment_ < segment; segment_ = std::min(after(segment_), segment)) {
      if (auto done = check_segment(); !done) return done;
    }
    return {};
  }

  Result<void> check_segment() {
    const auto contents = std::exchange(contents_, {});
    if (auto done = check_keys(contents); !done) return done;
    window_.commit(offsets_in(segment_).last);
    if (!last_segment_ || segment_ > *last_segment_) return {};
    return check_index(segment_, contents);
  }

  bool check_stretch(OffsetRange stretch, const Error& error) {
    lose({expected_, stretch.first.previous()}, kMissing);
    // Of a longer stretch the first cause stands for all.
    const bool goes_on = lost_ && lost_->last.next() == stretch.first && lost_why_ != kMissing;
    lose(stretch, goes_on ? std::string(lost_why_) : error.context);
    contents_.unreadable.add(stretch);
    expected_ = stretch.last.next();
    return progress();
  }

  bool check_record(const RecordView& record) {
    lose({expected_, record.offset.previous()}, kMissing);
    expected_ = record.offset.next();
    ++verdict_.records;
    listener_.on_record(record);
    if (record.time < last_time_) {
      report(Finding::Kind::odd_records, fmt::format("offset {}: its time is {} ms before that of the record before it",
                                                     record.offset.value(), last_time_.value - record.time.value));
    }
    last_time_ = record.time;
    auto& channels = contents_.channels;
    auto channel = channels.find(record.channel);
    if (channel == channels.end()) channel = channels.try_emplace(std::string(record.channel)).first;
    channel->second.push_back(record.offset);
    if (!record.client_key.empty()) {
      contents_.keys.push_back({DedupeWindow::hash(record.channel, record.client_key), record.offset});
    }
    return verdict_.records % kProgressRecords != 0 || progress();
  }

  bool progress() {
    const auto total = state_.head.next().value() - state_.first.value();
    verdict_.stopped = !listener_.on_progress(expected_.value() - state_.first.value(), total);
    return !verdict_.stopped;
  }

  /// A segment's keys at once: the window is larger than the processor's caches, and what is asked for ahead does not
  /// have to be waited for.
  Result<void> check_keys(const Contents& contents) {
    const auto& keys = contents.keys;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i + kPrefetched < keys.size()) window_.prefetch(keys[i + kPrefetched].hash);
      const auto candidates = window_.find(keys[i].hash);
      for (const Offset earlier : candidates.offsets()) {
        if (auto done = compare_keys(earlier, keys[i].offset); !done) return done;
      }
      window_.stage(keys[i].hash, keys[i].offset);
    }
    return {};
  }

  /// Two records whose keys have one hash.
  Result<void> compare_keys(Offset earlier, Offset later) {
    if (earlier.value() + options_.dedupe_window_records < later.value()) return {};
    std::optional<std::pair<std::string, std::string>> first;
    const std::array both{earlier, later};
    const auto read = store_.read(both, [&](const RecordView& record) {
      std::pair key(std::string(record.channel), std::string(record.client_key));
      if (first == key) {
        report(Finding::Kind::odd_records,
               fmt::format("offset {}: its client key was stored at offset {} before", later.value(), earlier.value()));
      }
      first = std::move(key);
      return true;
    });
    if (!read && read.error().code != ErrorCode::corrupt) return read;
    return {};
  }

  // --- index segments ---------------------------------------------------------------------------------------------------

  void report_segment(std::uint64_t segment, std::string_view what) {
    report(Finding::Kind::index, fmt::format("index segment {} (offsets {} to {}): {}", segment,
                                             segment_first(segment).value(), segment_last(segment).value(), what));
  }

  /// Once for each reason: what fails for one channel fails for all.
  void report_unreadable(std::uint64_t segment, const std::string& why) {
    if (unreadable_rows_.emplace(segment, why).second) report_segment(segment, why);
  }

  /// Those after the last one with a row of key hashes are not finished: opening the log makes them from the records.
  Result<void> find_last_segment() {
    for (auto from = segment_of(state_.first);;) {
      const auto visited = store_.key_segments(from, [&](std::uint64_t segment, std::string_view) {
        last_segment_ = segment;
        return true;
      });
      if (visited) break;
      if (visited.error().code != ErrorCode::corrupt) return visited;
      const auto damaged = last_segment_ && *last_segment_ >= from ? *last_segment_ + 1 : from;
      if (damaged > segment_of(state_.head.next())) break;
      report_unreadable(damaged, visited.error().context);
      last_segment_ = damaged;
      from = damaged + 1;
    }
    if (last_segment_ && *last_segment_ >= segment_of(state_.head.next())) {
      report_segment(*last_segment_, fmt::format("it is finished but the log ends at offset {}", state_.head.value()));
      last_segment_ = segment_of(state_.head);
    }
    return {};
  }

  /// Whether the index may name the offset although no record was seen there.
  [[nodiscard]] bool excused(Offset offset, const Contents& contents) const {
    return offset < state_.first || contents.unreadable.contains(offset);
  }

  Result<void> check_index(std::uint64_t segment, const Contents& contents) {
    if (contents.channels.empty() && contents.unreadable.empty()) return {};
    ++verdict_.segments;
    std::optional<std::string> row;
    const auto take = [&](std::uint64_t number, std::string_view bytes) {
      if (number == segment) row = bytes;
      return false;
    };
    // Errors in reading a row are findings like what it says.
    const auto failed = [&](const Result<void>& visited) {
      if (!visited && visited.error().code == ErrorCode::corrupt) report_unreadable(segment, visited.error().context);
      return !visited;
    };
    for (const auto& [channel, offsets] : contents.channels) {
      row.reset();
      const auto visited = store_.channel_segments(channel, segment, take);
      if (failed(visited)) {
        if (visited.error().code != ErrorCode::corrupt) return visited;
        continue;
      }
      if (!row) {
        report_segment(segment, fmt::format("channel {} is missing", channel));
        continue;
      }
      auto indexed = decode_offsets(segment, *row);
      if (!indexed) {
        report_segment(segment, fmt::format("its row of channel {} fails its checksum", channel));
        continue;
      }
      std::erase_if(*indexed, [&](Offset offset) { return excused(offset, contents); });
      if (*indexed != offsets)
        report_segment(segment, fmt::format("channel {} has other offsets than it says", channel));
    }
    row.reset();
    const auto visited = store_.key_segments(segment, take);
    if (failed(visited)) return visited.error().code == ErrorCode::corrupt ? Result<void>() : visited;
    auto keys = row ? decode_key_hashes(segment, *row) : fail(ErrorCode::corrupt, "");
    if (!row) {
      if (!contents.channels.empty()) report_segment(segment, "its client keys are missing");
    } else if (!keys) {
      report_segment(segment, "its row of client keys fails its checksum");
    } else {
      std::erase_if(*keys, [&](const KeyHash& key) { return excused(key.offset, contents); });
      if (*keys != contents.keys) report_segment(segment, "its client keys are not those of the records");
    }
    return {};
  }

  // --- beside the records -----------------------------------------------------------------------------------------------

  Result<void> check_losses() {
    const auto visited = store_.losses([&](const ChannelLoss& loss) {
      if (loss.last >= state_.first) {
        report(Finding::Kind::index, fmt::format("{} is said to have lost offset {}, which is there",
                                                 loss.channel.empty() ? std::string("every channel")
                                                                      : fmt::format("channel {}", loss.channel),
                                                 loss.last.value()));
      }
      return true;
    });
    if (visited || visited.error().code != ErrorCode::corrupt) return visited;
    report(Finding::Kind::index, fmt::format("what the channels lost cannot be read: {}", visited.error().context));
    return {};
  }

  void check_floor() {
    if (!options_.floor || !options_.floor->counts_for(state_.epoch)) return;
    lose({state_.head.next(), options_.floor->head}, "acknowledged once, but the log ends before");
  }

  const LogStore& store_;
  const VerifyOptions& options_;
  VerifyListener& listener_;
  const StoreState state_;
  Verdict verdict_;
  Offset expected_;  // the next one, if nothing is wrong
  TimeMs last_time_;
  std::uint64_t segment_;  // at work
  Contents contents_;      // of it
  DedupeWindow window_;
  std::optional<std::uint64_t> last_segment_;  // the newest finished one
  std::set<std::pair<std::uint64_t, std::string>> unreadable_rows_;
  std::optional<OffsetRange> lost_;  // found but not reported yet
  std::string lost_why_;
};

}  // namespace

Result<Verdict> verify_log(const LogStore& store, const VerifyOptions& options, VerifyListener& listener) {
  return Verification(store, options, listener).run();
}

}  // namespace tidemark
