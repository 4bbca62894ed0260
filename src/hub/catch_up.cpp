#include "src/hub/catch_up.h"

#include <algorithm>
#include <utility>

#include "src/base/limits.h"

namespace tidemark {

bool CatchUp::request(Request request) {
  return readers_.run([this, request = std::move(request)] {
    if (!request.wanted || *request.wanted) request.done(read(request));
  });
}

Result<PagePtr> CatchUp::read(const Request& request) const {
  for (int attempt = 1;; ++attempt) {
    const Offset lost_before = log_.lost_settled(request.channel);
    const auto page = read_once(request, lost_before);
    const Offset lost = log_.lost_settled(request.channel);
    // To a reader a record that a trim has just hidden may look like one that is missing.
    if (!page && lost != lost_before && attempt < limits::kPageAttempts) continue;
    if (!page) return std::unexpected(page.error());
    if (lost <= (*page)->after) return *page;
    // Trimmed in the middle of it: what was still found is not known, so again. A page that is overtaken every time
    // says that something is missing before its first record, which is as good as certain.
    if (lost != lost_before && attempt < limits::kPageAttempts) continue;
    if (request.last) return *page;
    const Offset found = (*page)->ends.empty() ? (*page)->covered.next() : (*page)->ends.front().offset;
    (*page)->gap_to = std::max((*page)->gap_to, std::min(lost, found.previous()));
    return *page;
  }
}

Result<std::shared_ptr<Page>> CatchUp::read_once(const Request& request, Offset lost) const {
  auto page = std::make_shared<Page>();
  page->after = request.after;
  if (request.last) {
    const auto start = log_.offset_before_last(request.channel, request.up_to, *request.last);
    if (!start) return std::unexpected(start.error());
    page->after = std::max(*start, lost);
  }
  // A page is cut where a hole begins, and the next one begins with it: so the gap comes in its place.
  Offset from = page->after;
  Offset up_to = request.up_to;
  auto hole = log_.holes().at_or_after(from.next());
  if (hole && hole->first == from.next()) {
    page->gap_to = hole->last;
    page->gap_reason = GapReason::damaged;
    from = hole->last;
    hole = log_.holes().at_or_after(from.next());
  }
  if (hole) up_to = std::min(up_to, hole->first.previous());
  const auto read =
      log_.read_channel(request.channel, from, std::max(from, up_to),
                        {.records = limits::kScanRecords, .bytes = limits::kScanBytes}, [&](const RecordView& record) {
                          encoder_.encode(record, page->frames);
                          page->ends.push_back({record.offset, page->frames.size()});
                          return true;
                        });
  // Where a record cannot be read, what came before it is good.
  if (read) {
    page->covered = read->covered;
  } else if (!page->ends.empty()) {
    page->covered = page->ends.back().offset;
  } else if (page->gap_to != Offset()) {
    page->covered = page->gap_to;
  } else {
    return std::unexpected(read.error());
  }
  return page;
}

}  // namespace tidemark
