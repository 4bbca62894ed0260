// The API while retention trims: a trim hides records a moment before the log's first offset says so, and nothing that it has
// hidden is called damaged.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "protocol/record_json.h"
#include "src/server/api/log_pages.h"
#include "src/server/api/log_record.h"
#include "src/server/api/stream_pages.h"
#include "tests/unit/hub/hub_world.h"

namespace tidemark {
namespace {

using Offsets = std::vector<std::uint64_t>;

/// Records 1 to 10, of which a trim that is under way has hidden those before 6. It ends when somebody waits for it.
class TrimmingLog final : public FakeLog {
 public:
  TrimmingLog() {
    for (std::uint64_t i = 1; i <= 10; ++i) {
      Record record;
      record.offset = Offset(i);
      record.channel = "/";
      record.event = "chat message";
      record.sender = "ada";
      record.payload = "1";
      records.push_back(std::move(record));
    }
    trimmed_before = Offset(6);
  }
  [[nodiscard]] Offset first() const override { return under_way_ ? Offset(1) : trimmed_before; }
  [[nodiscard]] Offset lost_settled(std::string_view) const override {
    under_way_ = false;
    return trimmed_before.previous();
  }
  [[nodiscard]] Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page,
                                  RecordVisitor visit) const override {
    std::vector<Record> found;
    for (const Record& record : records) {
      if (record.offset >= std::max(from, trimmed_before) && record.offset <= to) found.push_back(record);
    }
    if (direction == Direction::backward) std::ranges::reverse(found);
    if (found.size() > page.records) found.resize(page.records);
    for (const Record& record : found) {
      if (!visit(record.view())) break;
    }
    return {};
  }

 private:
  mutable bool under_way_ = true;
};

Offsets read(const Log& log, const LogQuery& query) {
  LogPages pages(log, query, {.records = 3, .bytes = 100'000});
  Offsets offsets;
  for (bool more = true; more;) {
    std::string lines;
    const auto next = pages.next(lines);
    if (!next) FAIL(next.error().context);
    more = *next;
    for (std::size_t end; (end = lines.find('\n')) != std::string::npos; lines.erase(0, end + 1)) {
      offsets.push_back(parse_record_json(std::string_view(lines).substr(0, end)).value().offset.value());
    }
  }
  return offsets;
}

}  // namespace

TEST_CASE("what a trim under way has hidden is not missed by a read of the log") {
  CHECK(read(TrimmingLog(), {}) == Offsets{6, 7, 8, 9, 10});
  CHECK(read(TrimmingLog(), {.order = Direction::backward}) == Offsets{10, 9, 8, 7, 6});
  CHECK(read(TrimmingLog(), {.before = Offset(4)}).empty());
}

TEST_CASE("a record that a trim under way has hidden is trimmed, not damaged") {
  const auto gone = record_json_at(TrimmingLog(), Offset(3));
  REQUIRE_FALSE(gone);
  CHECK(gone.error().status == 404);
  CHECK(gone.error().code == "trimmed");
}

TEST_CASE("what a trim under way has hidden is a gap of a stream") {
  const TrimmingLog log;
  const auto page = read_stream_page(log, StreamFrames(Epoch(1)), "", Offset(2), Offset(10));
  if (!page) FAIL(page.error().context);
  CHECK((*page)->gap_to == Offset(5));
  CHECK((*page)->gap_reason == GapReason::trimmed);
}

}  // namespace tidemark
