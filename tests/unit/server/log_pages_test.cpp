// GET /api/v1/log, page by page: every record once and in order whatever the page's size, and damage named.
#include "src/server/api/log_pages.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "backends/memory/memory_store.h"
#include "protocol/record_json.h"
#include "src/server/api/stream_pages.h"
#include "tests/unit/log/damaged_store.h"
#include "tests/unit/log/log_under_test.h"

namespace tidemark::test {
namespace {

using Offsets = std::vector<std::uint64_t>;

/// Every third record of "/a", the others of "/"; the payload's length changes from record to record.
struct World {
  Damage damage;
  LogUnderTest log;

  explicit World(std::size_t records, LogOptions options = {})
      : log(std::make_unique<DamagedStore>(make_memory_store(Epoch(1)), damage), options) {
    for (std::size_t i = 1; i <= records; ++i) {
      log.clock().set(1'000 * static_cast<std::int64_t>(i));
      (void)log.publish_and_wait(draft('"' + std::string(i % 7 * 10, 'x') + '"', "", i % 3 == 0 ? "/a" : "/"));
    }
  }
  const Log& operator*() { return *log.operator->(); }
};

struct Answer {
  Offsets offsets;
  std::string error;
  Offset record;  // that the error is about
  std::size_t pages = 0;
};

Answer read(const Log& log, const LogQuery& query, PageLimits page) {
  LogPages pages(log, query, page);
  Answer answer;
  for (;;) {
    std::string lines;
    const auto more = pages.next(lines);
    ++answer.pages;
    REQUIRE(answer.pages < 1'000);
    for (std::size_t end; (end = lines.find('\n')) != std::string::npos; lines.erase(0, end + 1)) {
      const auto record = parse_record_json(std::string_view(lines).substr(0, end));
      REQUIRE(record.has_value());
      answer.offsets.push_back(record->offset.value());
    }
    CHECK(lines.empty());
    if (!more) answer.error = more.error().context;
    if (!more) answer.record = more.error().record;
    if (!more || !*more) return answer;
  }
}

Offsets expected(std::uint64_t head, const LogQuery& query) {
  Offsets offsets;
  for (std::uint64_t i = query.after.value() + 1; i <= head; ++i) {
    if (query.before && i >= query.before->value()) continue;
    if (query.channel && (*query.channel == "/a") != (i % 3 == 0)) continue;
    offsets.push_back(i);
  }
  if (query.order == Direction::backward) std::ranges::reverse(offsets);
  if (offsets.size() > query.limit) offsets.resize(query.limit);
  return offsets;
}

}  // namespace

TEST_CASE("whatever the page holds, all that was asked for comes once and in order") {
  constexpr std::uint64_t kHead = 60;
  World world(kHead);
  for (const PageLimits page : {PageLimits{1, 1}, PageLimits{2, 1'000}, PageLimits{7, 250}, PageLimits{1'000, 300}}) {
    for (const auto& channel : {std::optional<std::string>(), std::optional<std::string>("/a"),
                                std::optional<std::string>("/"), std::optional<std::string>("/nobody")}) {
      for (const Direction order : {Direction::forward, Direction::backward}) {
        for (const std::uint64_t after : {0, 1, 20, 59, 60, 70}) {
          for (const std::uint64_t before : {0, 1, 21, 60, 61, 80}) {
            for (const std::size_t limit : {1, 3, 100}) {
              LogQuery query{.channel = channel, .after = Offset(after), .limit = limit, .order = order};
              if (before > 0) query.before = Offset(before);
              auto wanted = expected(kHead, query);
              if (channel == "/nobody") wanted.clear();
              INFO("page " << page.records << "/" << page.bytes << " channel " << channel.value_or("(all)") << " after "
                           << after << " before " << before << " limit " << limit << " backward "
                           << (order == Direction::backward));
              const Answer answer = read(*world, query, page);
              CHECK(answer.offsets == wanted);
              CHECK(answer.error.empty());
            }
          }
        }
      }
    }
  }
}

TEST_CASE("moments narrow the range: since is not older, until is older") {
  World world(10);  // record 3 is of 3,000
  const PageLimits page{2, 1'000};
  CHECK(read(*world, {.since = TimeMs{8'000}}, page).offsets == Offsets{8, 9, 10});
  CHECK(read(*world, {.since = TimeMs{8'001}}, page).offsets == Offsets{9, 10});
  CHECK(read(*world, {.until = TimeMs{3'000}}, page).offsets == Offsets{1, 2});
  CHECK(read(*world, {.since = TimeMs{4'000}, .until = TimeMs{6'000}, .order = Direction::backward}, page).offsets ==
        Offsets{5, 4});
  CHECK(read(*world, {.since = TimeMs{11'000}}, page).offsets.empty());
}

TEST_CASE("what comes before damage is given, then the damage is named, in either order, of one channel and of all") {
  auto kind = &Damage::records;
  SUBCASE("its checksum fails") { kind = &Damage::records; }
  SUBCASE("the engine cannot get there") { kind = &Damage::unreachable; }
  SUBCASE("it is not there") { kind = &Damage::missing; }
  for (const PageLimits page : {PageLimits{2, 1'000}, PageLimits{1'000, 100'000}}) {
    World world(60);
    (world.damage.*kind).insert(30);
    CAPTURE(page.records);
    const Answer forward = read(*world, {.after = Offset(20)}, page);
    CHECK(forward.offsets == Offsets{21, 22, 23, 24, 25, 26, 27, 28, 29});
    CHECK(forward.error.contains("offset 30"));
    CHECK(forward.record == Offset(30));
    const Answer backward = read(*world, {.before = Offset(36), .order = Direction::backward}, page);
    CHECK(backward.offsets == Offsets{35, 34, 33, 32, 31});
    CHECK(backward.error.contains("offset 30"));
    CHECK(backward.record == Offset(30));
    const Answer channel = read(*world, {.channel = "/a", .after = Offset(20)}, page);
    CHECK(channel.offsets == Offsets{21, 24, 27});
    CHECK(channel.error.contains("offset 30"));
    CHECK(channel.record == Offset(30));
    const Answer back_channel =
        read(*world, {.channel = "/a", .before = Offset(42), .order = Direction::backward}, page);
    CHECK(back_channel.offsets == Offsets{39, 36, 33});
    CHECK(back_channel.error.contains("offset 30"));
    CHECK(back_channel.record == Offset(30));
    const Answer other = read(*world, {.channel = "/", .after = Offset(28), .limit = 3}, page);
    CHECK(other.offsets == Offsets{29, 31, 32});
    CHECK(other.error.empty());
  }
}

TEST_CASE("offsets that a repair left out are passed over, and are a gap of a stream") {
  LogOptions options;
  options.holes.add({Offset(4), Offset(6)});
  World world(10, options);
  world.damage.missing = {4, 5, 6};
  const PageLimits page{2, 1'000};
  CHECK(read(*world, {}, page).offsets == Offsets{1, 2, 3, 7, 8, 9, 10});
  CHECK(read(*world, {.order = Direction::backward}, page).offsets == Offsets{10, 9, 8, 7, 3, 2, 1});
  CHECK(read(*world, {.after = Offset(3), .before = Offset(7)}, page).offsets.empty());
  CHECK(read(*world, {.after = Offset(3), .before = Offset(7), .order = Direction::backward}, page).error.empty());

  const StreamFrames frames(Epoch(1));
  const auto first = read_stream_page(*world, frames, "", Offset(), Offset(10));
  REQUIRE(first.has_value());
  CHECK((*first)->covered == Offset(3));
  CHECK((*first)->gap_to == Offset());
  const auto gap = read_stream_page(*world, frames, "", Offset(3), Offset(10));
  REQUIRE(gap.has_value());
  CHECK((*gap)->gap_to == Offset(6));
  CHECK((*gap)->gap_reason == GapReason::damaged);
  CHECK((*gap)->covered == Offset(6));
  const auto rest = read_stream_page(*world, frames, "", Offset(6), Offset(10));
  REQUIRE(rest.has_value());
  CHECK((*rest)->covered == Offset(10));
  CHECK((*rest)->frames.starts_with("id: 0000000000000001.7\ndata: {\"offset\":7,"));
}

TEST_CASE("a stream of everything stops at damage and names it") {
  World world(10);
  world.damage.records = {4};
  const StreamFrames frames(Epoch(1));
  const auto before = read_stream_page(*world, frames, "", Offset(), Offset(10));
  REQUIRE(before.has_value());
  CHECK((*before)->covered == Offset(3));
  const auto damaged = read_stream_page(*world, frames, "", Offset(3), Offset(10));
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code == ErrorCode::corrupt);
  CHECK(damaged.error().context.contains("offset 4"));
  CHECK(damaged.error().record == Offset(4));
}

TEST_CASE("records trimmed while they are read are not missed, and are a gap of a stream that had not got there") {
  World world(20);
  LogPages pages(*world, {}, {5, 100'000});
  std::string lines;
  CHECK(pages.next(lines).value());
  REQUIRE(world.log.store().trim(Offset(12), {}).has_value());
  lines.clear();
  CHECK(pages.next(lines).value());
  CHECK(lines.starts_with("{\"offset\":12,"));

  const StreamFrames frames(Epoch(1));
  const auto gap = read_stream_page(*world, frames, "", Offset(5), Offset(20));
  REQUIRE(gap.has_value());
  CHECK((*gap)->gap_to == Offset(11));
  CHECK((*gap)->gap_reason == GapReason::trimmed);
}

}  // namespace tidemark::test
