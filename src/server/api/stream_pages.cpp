#include "src/server/api/stream_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>

#include "protocol/record_json.h"
#include "src/base/limits.h"
#include "src/log/damage.h"

namespace tidemark {
namespace {

/// Of all channels. Nothing: it was trimmed where it was to begin, so again.
Result<std::shared_ptr<Page>> read_once(const Log& log, const FrameEncoder& frames, Offset after, Offset up_to) {
  auto page = std::make_shared<Page>();
  page->after = after;
  const auto gap = [&](Offset to, GapReason reason) {
    page->gap_to = page->covered = std::min(to, up_to);
    page->gap_reason = reason;
    return page;
  };
  const Offset from = after.next();
  const Offset first = log.first();
  if (first > from) return gap(first.previous(), GapReason::trimmed);
  const auto hole = log.holes().at_or_after(from);
  if (hole && hole->first == from) return gap(hole->last, GapReason::damaged);
  if (hole) up_to = std::min(up_to, hole->first.previous());
  page->covered = after;
  const auto read = log.scan(from, up_to, Direction::forward, {limits::kScanRecords, limits::kScanBytes},
                             [&](const RecordView& record) {
                               if (record.offset != page->covered.next()) return false;
                               frames.encode(record, page->frames);
                               page->ends.push_back({record.offset, page->frames.size()});
                               page->covered = record.offset;
                               return true;
                             });
  if (!page->ends.empty()) return page;  // what cannot be read is the next page's business
  if (log.first_settled() > from) return nullptr;
  if (!read) return std::unexpected(about_record(from, read.error()));
  return fail(ErrorCode::corrupt, fmt::format("the record at offset {} is missing; {}", from.value(), kDamageAdvice),
              from);
}

}  // namespace

void StreamFrames::encode(const RecordView& record, std::string& frames) const {
  fmt::format_to(std::back_inserter(frames), "id: {}.{}\ndata: ", epoch_, record.offset.value());
  append_record_json(frames, record);
  frames += "\n\n";
}

Result<PagePtr> read_stream_page(const Log& log, const FrameEncoder& frames, const std::string& channel, Offset after,
                                 Offset up_to) {
  if (!channel.empty()) {
    const CatchUp reader(log, frames);
    return reader.read({.channel = channel, .after = after, .up_to = up_to});
  }
  for (int attempt = 1;; ++attempt) {
    auto page = read_once(log, frames, after, up_to);
    if (!page) return std::unexpected(page.error());
    if (*page) return *page;
    if (attempt == limits::kPageAttempts) {
      return fail(ErrorCode::io, "the log is trimmed faster than it can be read; come back");
    }
  }
}

}  // namespace tidemark
