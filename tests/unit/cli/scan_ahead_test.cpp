#include "src/cli/scan_ahead.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include "src/base/command_limits.h"

namespace tidemark::cli {
namespace {

constexpr std::uint64_t kRecords = 20'000;
constexpr std::uint64_t kDamagedEvery = 1'500;  // offsets
const std::string kPayload(500, '7');
constexpr std::uint64_t kRecordsOfPart = limits::kPartBytes / 500;  // at the least

/// A log that is nothing but its scan: records that count up, some of them damaged.
class Counting final : public LogReader {
 public:
  Result<void> outcome;
  std::atomic<std::uint64_t> read = 0;  // offsets

  Result<void> scan(OffsetRange range, std::string_view channel, RecordVisitor visit, DamageVisitor damaged) override {
    for (Offset at = range.first; at <= range.last; at = at.next()) {
      read = at.value();
      const bool wanted = at.value() % kDamagedEvery == 0
                              ? damaged({at, at}, {ErrorCode::corrupt, fmt::format("offset {} is damaged", at.value())})
                              : visit({.offset = at,
                                       .time = {1},
                                       .channel = channel,
                                       .event = "e",
                                       .sender = "s",
                                       .client_key = "",
                                       .payload = kPayload,
                                       .attachments = ""});
      if (!wanted) return outcome;
    }
    return outcome;
  }

  std::string where() const override { return "memory"; }
  Result<StoreState> state() override { return other(); }
  Result<Offset> first_not_older(OffsetRange, TimeMs) override { return other(); }
  Result<LogFacts> facts() override { return other(); }
  Result<ChannelList> channels() override { return other(); }
  Result<LogPast> past() override { return other(); }
  bool is_live() const override { return false; }
  Result<void> follow(Offset, std::string_view, const FollowVisitors&) override { return other(); }

 private:
  static std::unexpected<Error> other() { return fail(ErrorCode::invalid_argument, "only scanned here"); }
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

const OffsetRange kAll{Offset(1), Offset(kRecords)};

}  // namespace

TEST_CASE("who scans ahead is shown every record and every damaged stretch once, in order, and never far ahead") {
  Counting log;
  std::uint64_t expected = 1;
  std::uint64_t furthest = 0;
  const auto scanned = scan_ahead(
      log, kAll, "/a",
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
  Counting log;
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
  CHECK(scan_ahead(log, kAll, "", of_records, of_damage));
  CHECK(last == 600);
  CHECK(log.read < kRecords);
  CHECK(scan_ahead(log, kAll, "", any_record, of_damage));
  CHECK(last == kDamagedEvery);
  CHECK(log.read < kRecords);
}

TEST_CASE("an error of a scan that is ahead comes after the records before it") {
  Counting log;
  log.outcome = fail(ErrorCode::io, "the disk went away");
  std::uint64_t seen = 0;
  const auto scanned = scan_ahead(
      log, {Offset(1), Offset(2500)}, "", [&](const RecordView&) { return ++seen > 0; },
      [&](OffsetRange, const Error&) { return ++seen > 0; });
  CHECK(seen == 2500);
  REQUIRE_FALSE(scanned);
  CHECK(scanned.error().context == "the disk went away");
}

}  // namespace tidemark::cli
