// What damage does to readers, to publishers and to the start: it stays where it is, and is never passed over.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "backends/memory/memory_store.h"
#include "src/log/damage.h"
#include "tests/contract/damaged_log.h"
#include "tests/unit/log/damaged_store.h"
#include "tests/unit/log/log_under_test.h"

namespace tidemark::test {
namespace {

using Offsets = std::vector<std::uint64_t>;
constexpr std::uint64_t kSegment = limits::kSegmentRecords;

/// A memory store with `records` records: every second one of "/busy", every tenth of "/quiet", "/rare" at 101.
std::unique_ptr<LogStore> filled(std::uint64_t records) {
  auto store = make_memory_store(Epoch(1));
  std::vector<Record> all;
  for (std::uint64_t offset = 1; offset <= records; ++offset) {
    const auto* channel = offset == 101 ? "/rare" : offset % 2 == 0 ? "/busy" : offset % 10 == 5 ? "/quiet" : "/";
    all.push_back(contract::record_at(offset, channel));
  }
  contract::append_indexed(*store, all);
  return store;
}

Offsets offsets_of(std::string_view channel, std::uint64_t after, std::uint64_t up_to) {
  Offsets result;
  for (auto offset = after + 1; offset <= up_to; ++offset) {
    const std::string_view owner = offset == 101      ? "/rare"
                                   : offset % 2 == 0  ? "/busy"
                                   : offset % 10 == 5 ? "/quiet"
                                                      : "/";
    if (owner == channel) result.push_back(offset);
  }
  return result;
}

struct DamagedLog {
  Damage damage;
  std::unique_ptr<LogUnderTest> log;

  explicit DamagedLog(std::uint64_t records, LogOptions options = {})
      : log(std::make_unique<LogUnderTest>(std::make_unique<DamagedStore>(filled(records), damage), options)) {}

  Log& operator*() { return *log->operator->(); }
};

/// Each way in which a record may be gone, in a run of its own.
std::set<std::uint64_t> Damage::*some_kind() {
  auto kind = &Damage::records;
  SUBCASE("its checksum fails") { kind = &Damage::records; }
  SUBCASE("the engine cannot get there") { kind = &Damage::unreachable; }
  SUBCASE("it is not there") { kind = &Damage::missing; }
  return kind;
}

/// Reads until the end or an error, page by page, as a subscriber does.
struct ReadToEnd {
  Offsets seen;
  std::optional<Error> error;

  ReadToEnd(Log& log, std::string_view channel, std::uint64_t after = 0) {
    for (Offset from(after); from < log.head();) {
      const auto page = log.read_channel(channel, from, log.head(), {1000, 1'000'000}, [&](const RecordView& record) {
        CHECK(record.channel == channel);
        seen.push_back(record.offset.value());
        return true;
      });
      if (!page) {
        error = page.error();
        return;
      }
      REQUIRE(page->covered > from);
      from = page->covered;
    }
  }
};

void check_stops_at(const ReadToEnd& read, std::string_view channel, std::uint64_t damaged) {
  CHECK(read.seen == offsets_of(channel, 0, damaged - 1));
  REQUIRE(read.error);
  CHECK(read.error->code == ErrorCode::corrupt);
  INFO(read.error->context);
  CHECK(read.error->context.find(fmt::format("offset {} ", damaged)) != std::string::npos);
}

}  // namespace

TEST_CASE("a damaged record stops its own channel there, with all before it delivered, and no other channel") {
  const auto kind = some_kind();
  for (const std::uint64_t head : {std::uint64_t{300}, kSegment + 100}) {  // unfinished segment, finished segment
    INFO("head ", head);
    DamagedLog log(head);
    log.damage.*kind = {120, 135};
    check_stops_at(ReadToEnd(*log, "/busy"), "/busy", 120);
    check_stops_at(ReadToEnd(*log, "/quiet"), "/quiet", 135);
    for (const std::string_view other : {"/", "/rare"}) {
      const ReadToEnd whole(*log, other);
      CHECK_FALSE(whole.error);
      CHECK(whole.seen == offsets_of(other, 0, head));
    }
    // Whoever stands behind it is not concerned.
    const ReadToEnd behind(*log, "/busy", 120);
    CHECK_FALSE(behind.error);
    CHECK(behind.seen == offsets_of("/busy", 120, head));
  }
}

TEST_CASE("a damaged row of the channel index is made up for by the records") {
  DamagedLog log(3 * kSegment);
  SUBCASE("one row") { log.damage.channel_rows = {{"/quiet", 1}, {"/busy", 0}}; }
  SUBCASE("all of it") { log.damage.channel_table = true; }
  for (const std::string_view channel : {"/quiet", "/busy", "/rare", "/nobody"}) {
    INFO("channel ", channel);
    const ReadToEnd read(*log, channel);
    CHECK_FALSE(read.error);
    CHECK(read.seen == offsets_of(channel, 0, 3 * kSegment));
    for (const std::size_t count : {0, 3, 5000}) {
      const auto before = (*log).offset_before_last(channel, Offset(3 * kSegment), count);
      REQUIRE(before);
      CHECK(offsets_of(channel, before->value(), 3 * kSegment).size() ==
            std::min(count, offsets_of(channel, 0, 3 * kSegment).size()));
    }
  }
}

TEST_CASE("where the row and a record of the segment are damaged, every channel that may have lost it stops there") {
  DamagedLog log(2 * kSegment);
  log.damage.channel_rows = {{"/rare", 0}, {"/busy", 0}};
  log.damage.records = {200};
  check_stops_at(ReadToEnd(*log, "/busy"), "/busy", 200);
  check_stops_at(ReadToEnd(*log, "/rare"), "/rare", 200);
  CHECK_FALSE(ReadToEnd(*log, "/").error);
  SUBCASE("a missing one likewise") {
    log.damage.records.clear();
    log.damage.missing = {200};
    check_stops_at(ReadToEnd(*log, "/rare"), "/rare", 200);
  }
}

TEST_CASE("a client key that hits a damaged record fails alone: neither stored again nor called stored") {
  Damage damage;
  LogUnderTest log(std::make_unique<DamagedStore>(make_memory_store(Epoch(1)), damage), {});
  CHECK(log.publish_and_wait(draft("1", "k1")).status == Outcome::Status::stored);
  damage.records = {1};
  log.store().hold_appends();
  log.publish(draft("0"));
  log.store().wait_until_held();
  log.publish(draft("2", "k2"));
  log.publish(draft("1", "k1"));
  log.publish(draft("3", "k3"));
  log.store().release_appends();
  const auto outcomes = log.listener().wait_for_outcomes(5);
  CHECK(outcomes[2].status == Outcome::Status::stored);
  CHECK(outcomes[3].status == Outcome::Status::failed);
  CHECK(outcomes[4].status == Outcome::Status::stored);
  CHECK(log->head() == Offset(4));
}

TEST_CASE("damage among the newest records is said at the start, with the offset and what to do") {
  const auto kind = some_kind();
  for (const auto damaged : {kSegment + 1, kSegment + 40, kSegment + 100}) {
    INFO("offset ", damaged);
    Damage damage;
    damage.*kind = {damaged};
    const auto opened = Log::open(std::make_unique<DamagedStore>(filled(kSegment + 100), damage), {}, ManualClock(1));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::corrupt);
    INFO(opened.error().context);
    CHECK(opened.error().context.find(fmt::format("offset {} ", damaged)) != std::string::npos);
  }
}

TEST_CASE("what a repair left out is no damage") {
  Damage damage;
  damage.missing = {kSegment + 40, kSegment + 41, kSegment + 100};
  LogOptions options;
  options.holes.add({Offset(kSegment + 40), Offset(kSegment + 41)});
  options.holes.add({Offset(kSegment + 100), Offset(kSegment + 100)});
  LogUnderTest log(std::make_unique<DamagedStore>(filled(kSegment + 100), damage), options);
  CHECK_FALSE(ReadToEnd(*log.operator->(), "/busy").error);
  CHECK(log.publish_and_wait(draft("1", "", "/busy")).offset == Offset(kSegment + 101));
}

TEST_CASE("a damaged row of key hashes is made up for by the records, so that no key is stored twice") {
  Damage damage;
  damage.key_rows = {0, 1};
  LogUnderTest log(std::make_unique<DamagedStore>(filled(3 * kSegment), damage), {});
  for (const std::uint64_t offset : {std::uint64_t{3}, kSegment, kSegment + 1, 2 * kSegment + 3}) {
    const auto record = contract::record_at(offset);
    if (record.client_key.empty()) continue;
    const auto owner = offset % 2 == 0 ? "/busy" : offset % 10 == 5 ? "/quiet" : "/";
    const auto again = log.publish_and_wait(draft("1", record.client_key, owner));
    INFO("offset ", offset);
    CHECK(again.status == Outcome::Status::duplicate);
    CHECK(again.offset.value() == offset);
  }
  SUBCASE("but not if a record is damaged, too: its key would be forgotten") {
    damage.records = {40};
    const auto opened = Log::open(std::make_unique<DamagedStore>(filled(3 * kSegment), damage), {}, ManualClock(1));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().context.find("offset 40 ") != std::string::npos);
  }
}

TEST_CASE("a scan goes around damage, names all of it, and does not look at each offset of a long stretch") {
  Damage damage;
  damage.records = {1, 5, 7};
  for (std::uint64_t offset = 3000; offset < 13'000; ++offset) damage.unreachable.insert(offset);
  for (std::uint64_t offset = 14'000; offset < 14'030; ++offset) damage.ends.insert(offset);
  damage.records.insert(20'000);
  const DamagedStore store(filled(20'000), damage);
  Offsets seen;
  std::vector<OffsetRange> damaged;
  const auto scanned = scan_around_damage(
      store, {Offset(1), Offset(20'000)},
      [&](const RecordView& record) {
        seen.push_back(record.offset.value());
        return true;
      },
      [&](OffsetRange stretch, const Error&) {
        damaged.push_back(stretch);
        return true;
      });
  REQUIRE(scanned);
  const auto one = [](std::uint64_t offset) { return OffsetRange{Offset(offset), Offset(offset)}; };
  CHECK(damaged ==
        std::vector<OffsetRange>{
            one(1), one(5), one(7), {Offset(3000), Offset(12'999)}, {Offset(14'000), Offset(14'029)}, one(20'000)});
  CHECK(seen.size() == 20'000 - 10'034);
  CHECK(std::ranges::is_sorted(seen));
  CHECK(store.reads() < 1200);
}

}  // namespace tidemark::test
