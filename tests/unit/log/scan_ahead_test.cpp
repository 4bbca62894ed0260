#include "src/log/scan_ahead.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <string>
#include <thread>

#include "src/base/command_limits.h"

namespace tidemark {
namespace {

constexpr std::uint64_t kRecords = 20'000;
constexpr std::uint64_t kDamagedEvery = 1'500;  // offsets
const std::string kPayload(500, '7');
constexpr std::uint64_t kRecordsOfPart = limits::kPartBytes / 500;  // at the least

/// Records that count up, some of them damaged.
struct Counting {
  const std::uint64_t records;
  Result<void> outcome;
  std::atomic<std::uint64_t> read = 0;  // offsets

  Result<void> operator()(RecordVisitor visit, DamageVisitor damaged) {
    for (Offset at(1); at <= Offset(records); at = at.next()) {
      read = at.value();
      const bool wanted = at.value() % kDamagedEvery == 0
                              ? damaged({at, at}, {ErrorCode::corrupt, fmt::format("offset {} is damaged", at.value())})
                              : visit({.offset = at,
                                       .time = {1},
                                       .channel = "/a",
                                       .event = "e",
                                       .sender = "s",
                                       .client_key = "",
                                       .payload = kPayload,
                                       .attachments = ""});
      if (!wanted) return outcome;
    }
    return outcome;
  }
};

/// Until it has not moved for a while. Too short a wait lets a mistake through, and never finds one that is none.
void wait_until_it_stops(const std::atomic<std::uint64_t>& read) {
  constexpr int kLooks = 10'000;
  for (int same = 0; same < kLooks;) {
    const auto before = read.load();
    std::this_thread::yield();
    same = read == before ? same + 1 : 0;
  }
}

}  // namespace

TEST_CASE("who scans ahead is shown every record and every damaged stretch once, in order, and never far ahead") {
  Counting log{.records = kRecords, .outcome = {}};
  std::uint64_t expected = 1;
  std::uint64_t furthest = 0;
  const auto scanned = scan_ahead(
      log,
      [&](const RecordView& record) {
        if (expected == 1) wait_until_it_stops(log.read);
        furthest = std::max(furthest, log.read - record.offset.value());
        return record.offset.value() == expected++ && record.channel == "/a" && record.payload == kPayload;
      },
      [&](OffsetRange stretch, const Error& error) {
        return stretch.first.value() == expected++ && stretch.last == stretch.first &&
               error.context == fmt::format("offset {} is damaged", stretch.first.value());
      });
  CHECK(scanned);
  CHECK(expected == kRecords + 1);
  CHECK(furthest <= (limits::kPartsAhead + 1) * (kRecordsOfPart + 1));
}

TEST_CASE("a scan that is ahead ends when a visitor has enough, of records or of damage") {
  Counting log{.records = kRecords, .outcome = {}};
  std::uint64_t last = 0;
  const auto of_records = [&](const RecordView& record) {
    last = record.offset.value();
    return last < 600;
  };
  const auto of_damage = [&](OffsetRange stretch, const Error&) {
    last = stretch.first.value();
    return false;
  };
  const auto any_record = [](const RecordView&) { return true; };
  CHECK(scan_ahead(log, of_records, of_damage));
  CHECK(last == 600);
  CHECK(log.read < kRecords);
  CHECK(scan_ahead(log, any_record, of_damage));
  CHECK(last == kDamagedEvery);
  CHECK(log.read < kRecords);
}

TEST_CASE("an error of a scan that is ahead comes after the records before it") {
  Counting log{.records = 2500, .outcome = fail(ErrorCode::io, "the disk went away")};
  std::uint64_t seen = 0;
  const auto scanned = scan_ahead(
      log, [&](const RecordView&) { return ++seen > 0; }, [&](OffsetRange, const Error&) { return ++seen > 0; });
  CHECK(seen == 2500);
  REQUIRE_FALSE(scanned);
  CHECK(scanned.error().context == "the disk went away");
}

TEST_CASE("a visitor that throws ends a scan that is ahead") {
  Counting log{.records = kRecords, .outcome = {}};
  const auto throws = [](const RecordView&) -> bool { throw std::bad_alloc(); };
  CHECK_THROWS_AS((void)scan_ahead(log, throws, [](OffsetRange, const Error&) { return true; }), std::bad_alloc);
  CHECK(log.read < kRecords);
}

}  // namespace tidemark
