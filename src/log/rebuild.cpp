#include "src/log/rebuild.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "src/base/journal.h"
#include "src/log/damage.h"

namespace tidemark {
namespace {

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

/// `corrupt` if a record between `expected` and `next` is missing for no known reason.
Result<void> check_gap(Offset expected, Offset next, const Holes& holes) {
  const auto missing = holes.rest_of({expected, next.previous()});
  if (missing.empty()) return {};
  return fail(ErrorCode::corrupt, fmt::format("{}; {}", missing_text(missing.front()), kDamageAdvice));
}

/// Puts the hashes of one segment, whose row is damaged, into the window: from the records themselves.
Result<void> look_through(const LogStore& store, std::uint64_t segment, Offset oldest, const Holes& holes,
                          DedupeWindow& window) {
  auto next = std::max({oldest, segment_first(segment), store.state().first});
  Result<void> gap;
  const auto scanned = store.scan(next, segment_last(segment), Direction::forward, {kUnbounded, kUnbounded},
                                  [&](const RecordView& record) {
                                    gap = check_gap(next, record.offset, holes);
                                    if (!gap) return false;
                                    next = record.offset.next();
                                    if (record.client_key.empty()) return true;
                                    window.stage(DedupeWindow::hash(record.channel, record.client_key), record.offset);
                                    return true;
                                  });
  if (!gap) return gap;
  if (!scanned && scanned.error().code == ErrorCode::corrupt)
    return std::unexpected(about_record(next, scanned.error()));
  if (!scanned) return scanned;
  return check_gap(next, segment_last(segment).next(), holes);
}

/// Puts the hashes of the finished segments from `from` on into the window. Answers the last finished segment, if any.
Result<std::optional<std::uint64_t>> load_keys(const LogStore& store, std::uint64_t from, std::uint64_t unfinished,
                                               Offset oldest, const Holes& holes, DedupeWindow& window) {
  std::optional<std::uint64_t> last;
  for (auto at = from;;) {
    std::optional<Error> damage;
    const auto visited = store.key_segments(at, [&](std::uint64_t segment, std::string_view encoded) {
      at = segment;
      last = segment;
      const auto keys = decode_key_hashes(segment, encoded);
      if (!keys) {
        damage = keys.error();
        return false;
      }
      ++at;
      for (const KeyHash& key : *keys) {
        if (key.offset >= oldest) window.stage(key.hash, key.offset);
      }
      return true;
    });
    if (!visited && visited.error().code != ErrorCode::corrupt) return std::unexpected(visited.error());
    if (!visited) damage = visited.error();
    if (!damage || at >= unfinished) return last;
    // The window must not have a hole: a message sent again would be stored twice.
    journal::warning("index-damaged", {{"engine", store.engine()}, {"segment", at}, {"cause", damage->context}});
    if (auto looked = look_through(store, at, oldest, holes, window); !looked) return std::unexpected(looked.error());
    last = at++;
  }
}

/// Indexes the records from `from` to `head`, page by page, and appends the segments that they finish.
Result<void> index_tail(LogStore& store, Offset from, Offset head, Offset oldest, const Holes& holes, Rebuilt& into) {
  std::deque<std::string> channels;  // stay where they are until the page is committed
  while (from <= head) {
    channels.clear();
    auto next = from;
    Result<void> gap;
    const auto scanned =
        store.scan(from, head, Direction::forward, {limits::kBatchRecords, kUnbounded}, [&](const RecordView& record) {
          gap = check_gap(next, record.offset, holes);
          if (!gap) return false;
          if (channels.empty() || channels.back() != record.channel) {
            channels.emplace_back(record.channel);
            into.names.add(record.channel);
          }
          into.index->stage(channels.back(), record.offset);
          if (!record.client_key.empty()) {
            const auto hash = DedupeWindow::hash(record.channel, record.client_key);
            into.index->stage_key(hash, record.offset);
            if (record.offset >= oldest) into.window.stage(hash, record.offset);
          }
          next = record.offset.next();
          return true;
        });
    if (!gap) return gap;
    if (!scanned && scanned.error().code == ErrorCode::corrupt) {
      return std::unexpected(about_record(next, scanned.error()));
    }
    if (!scanned) return scanned;
    if (const auto segments = into.index->finished(); !segments.empty()) {
      journal::info("index-rebuilt", {{"segment", segments.front().number}});
      if (const auto appended = store.append({}, segments); !appended) return appended;
    }
    into.index->commit();
    if (channels.empty()) return check_gap(next, head.next(), holes);  // nothing is left between here and head
    from = next;
  }
  return {};
}

}  // namespace

Result<Rebuilt> rebuild(LogStore& store, std::size_t dedupe_window_records, const Holes& holes,
                        std::size_t channel_names) {
  const auto state = store.state();
  const auto window_start = state.head.value() - std::min(state.head.value(), dedupe_window_records);
  const auto oldest = std::max(state.first, Offset(window_start + 1));  // whose key is remembered

  Rebuilt result{std::make_unique<ChannelIndex>(state.head.next()), DedupeWindow(dedupe_window_records),
                 ChannelNames(channel_names), TimeMs()};
  const auto named = store.channel_names([&](std::string_view channel) { result.names.add(channel); });
  if (!named && named.error().code != ErrorCode::corrupt) return std::unexpected(named.error());
  if (state.first > state.head) return result;

  // The last segment that can be finished is the one before the next record's. It is usually all there is to look at
  // beyond the window; if it is missing, all are looked through for the last one.
  const auto unfinished = segment_of(state.head.next());
  const auto first_kept = segment_of(state.first);
  const auto look_from =
      std::max(first_kept, std::min(segment_of(oldest), unfinished - std::min<std::uint64_t>(1, unfinished)));
  auto finished = load_keys(store, look_from, unfinished, oldest, holes, result.window);
  if (finished && !*finished && look_from > first_kept)
    finished = load_keys(store, first_kept, unfinished, oldest, holes, result.window);
  if (!finished) return std::unexpected(finished.error());
  if (*finished && **finished >= unfinished) {
    return fail(ErrorCode::corrupt,
                fmt::format("index segment {} is finished but the log ends at offset {}: records are "
                            "missing; {}",
                            **finished, state.head.value(), kDamageAdvice));
  }

  const auto tail = *finished ? std::max(state.first, segment_first(**finished + 1)) : state.first;
  result.index = std::make_unique<ChannelIndex>(tail);
  if (const auto indexed = index_tail(store, tail, state.head, oldest, holes, result); !indexed) {
    return std::unexpected(indexed.error());
  }
  result.window.commit(state.head);

  const auto read =
      store.scan(state.first, state.head, Direction::backward, {1, kUnbounded}, [&](const RecordView& newest) {
        result.last_time = newest.time;
        return false;
      });
  if (!read) return std::unexpected(read.error());
  return result;
}

}  // namespace tidemark
