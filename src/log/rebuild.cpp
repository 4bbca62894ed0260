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

namespace tidemark {
namespace {

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

/// Puts the hashes of the finished segments from `from` on into the window. Answers the last finished segment, if any.
Result<std::optional<std::uint64_t>> load_keys(const LogStore& store, std::uint64_t from, Offset oldest,
                                               DedupeWindow& window) {
  std::optional<std::uint64_t> last;
  std::optional<Error> error;
  const auto visited = store.key_segments(from, [&](std::uint64_t segment, std::string_view encoded) {
    last = segment;
    const auto keys = decode_key_hashes(segment, encoded);
    if (!keys) {
      error = keys.error();
      return false;
    }
    for (const KeyHash& key : *keys) {
      if (key.offset >= oldest) window.stage(key.hash, key.offset);
    }
    return true;
  });
  if (!visited) return std::unexpected(visited.error());
  if (error) return std::unexpected(*error);
  return last;
}

/// Indexes the records from `from` to `head`, page by page, and appends the segments that they finish.
Result<void> index_tail(LogStore& store, Offset from, Offset head, Offset oldest, Rebuilt& into) {
  std::deque<std::string> channels;  // stay where they are until the page is committed
  while (from <= head) {
    channels.clear();
    auto last = from;
    const auto scanned =
        store.scan(from, head, Direction::forward, {limits::kBatchRecords, kUnbounded}, [&](const RecordView& record) {
          if (channels.empty() || channels.back() != record.channel) {
            channels.emplace_back(record.channel);
          }
          into.index->stage(channels.back(), record.offset);
          if (!record.client_key.empty()) {
            const auto hash = DedupeWindow::hash(record.channel, record.client_key);
            into.index->stage_key(hash, record.offset);
            if (record.offset >= oldest) into.window.stage(hash, record.offset);
          }
          last = record.offset;
          return true;
        });
    if (!scanned) return scanned;
    if (const auto segments = into.index->finished(); !segments.empty()) {
      journal::info("index-rebuilt", {{"segment", segments.front().number}});
      if (const auto appended = store.append({}, segments); !appended) return appended;
    }
    into.index->commit();
    if (channels.empty()) break;  // nothing is left between here and head
    from = last.next();
  }
  return {};
}

}  // namespace

Result<Rebuilt> rebuild(LogStore& store, std::size_t dedupe_window_records) {
  const auto state = store.state();
  const auto window_start = state.head.value() - std::min(state.head.value(), dedupe_window_records);
  const auto oldest = std::max(state.first, Offset(window_start + 1));  // whose key is remembered

  Rebuilt result{std::make_unique<ChannelIndex>(state.head.next()), DedupeWindow(dedupe_window_records), TimeMs()};
  if (state.first > state.head) return result;

  // The last segment that can be finished is the one before the next record's. It is usually all there is to look at
  // beyond the window; if it is missing, all are looked through for the last one.
  const auto unfinished = segment_of(state.head.next());
  const auto first_kept = segment_of(state.first);
  const auto look_from =
      std::max(first_kept, std::min(segment_of(oldest), unfinished - std::min<std::uint64_t>(1, unfinished)));
  auto finished = load_keys(store, look_from, oldest, result.window);
  if (finished && !*finished && look_from > first_kept) finished = load_keys(store, first_kept, oldest, result.window);
  if (!finished) return std::unexpected(finished.error());
  if (*finished && **finished >= unfinished) {
    return fail(ErrorCode::corrupt,
                fmt::format("index segment {} is finished but the log ends at offset {}: records are "
                            "missing; restore the log from a copy",
                            **finished, state.head.value()));
  }

  const auto tail = *finished ? std::max(state.first, segment_first(**finished + 1)) : state.first;
  result.index = std::make_unique<ChannelIndex>(tail);
  if (const auto indexed = index_tail(store, tail, state.head, oldest, result); !indexed) {
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
