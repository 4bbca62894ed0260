// Reading a channel is the same as filtering the whole log, however it is paged, indexed or trimmed.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "tests/contract/engine_under_test.h"
#include "tests/unit/log/log_under_test.h"

namespace tidemark::test {
namespace {

using Offsets = std::vector<std::uint64_t>;
constexpr std::uint64_t kSegment = limits::kSegmentRecords;

/// Channels of very different shares: "/busy" half of the log, "/rare" one in a thousand, "/old" only at the beginning.
std::string channel_at(std::uint64_t offset, std::mt19937_64& random) {
  if (offset <= 10) return "/old";
  const auto draw = random() % 1000;
  if (draw == 0) return "/rare";
  if (draw < 500) return "/busy";
  return fmt::format("/room-{}", draw % 20);
}

const std::vector<std::string> kChannels{"/busy", "/rare", "/old", "/room-3", "/room-17", "/nobody"};

/// A log that was filled past its sequencer, in big batches, and what it holds.
struct FilledLog {
  explicit FilledLog(std::string_view engine, std::uint64_t records, std::uint64_t seed) : random(seed) {
    auto opened = open_store(engine, {.directory = directory.path(), .epoch_if_new = Epoch(1)});
    REQUIRE(opened);
    for (std::uint64_t first = 1; first <= records; first += limits::kBatchRecords) {
      std::vector<Record> batch;
      for (auto offset = first; offset < std::min(first + limits::kBatchRecords, records + 1); ++offset) {
        auto record = contract::record_at(offset, channel_at(offset, random));
        record.payload.assign(random() % 50 + 1, '1');
        channels.push_back(record.channel);
        batch.push_back(std::move(record));
      }
      contract::append(**opened, batch);
    }
    // The test trims the store itself: upkeep, which writes to it in a thread of its own, must not come in between.
    log = std::make_unique<LogUnderTest>(std::move(*opened), LogOptions{.upkeep_interval = std::chrono::hours(1)});
  }

  /// Publishes through the log.
  void publish(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      channels.push_back(channel_at(channels.size() + 1, random));
      log->publish(draft("1", "", channels.back()));
    }
    published += count;
    static_cast<void>(log->listener().wait_for_outcomes(published));
  }

  [[nodiscard]] Offsets expected(std::string_view channel, std::uint64_t after, std::uint64_t up_to) {
    Offsets result;
    const auto first = (*log)->first().value();
    for (auto offset = std::max(after + 1, first); offset <= up_to; ++offset) {
      if (channels[offset - 1] == channel) result.push_back(offset);
    }
    return result;
  }

  contract::TemporaryDirectory directory;
  std::mt19937_64 random;
  std::vector<std::string> channels;  // of offset i + 1
  std::uint64_t published = 0;
  std::unique_ptr<LogUnderTest> log;
};

/// Reads page by page; checks that every page keeps its limits and says truly how far it got.
Offsets read_in_pages(Log& log, std::string_view channel, std::uint64_t after, std::uint64_t up_to, PageLimits limits) {
  Offsets all;
  for (auto from = Offset(after);;) {
    std::size_t records = 0;
    std::size_t bytes = 0;
    const auto page = log.read_channel(channel, from, Offset(up_to), limits, [&](const RecordView& record) {
      REQUIRE(record.channel == channel);
      REQUIRE(record.offset > from);
      all.push_back(record.offset.value());
      ++records;
      bytes += record.bytes();
      return true;
    });
    if (!page) FAIL(page.error().context);
    REQUIRE(records <= std::max<std::size_t>(limits.records, 1));
    if (records > 1) REQUIRE(bytes <= limits.bytes);
    if (!all.empty()) REQUIRE(page->covered.value() >= all.back());
    REQUIRE(page->covered.value() <= std::max(up_to, after));
    if (page->end) {
      REQUIRE(page->covered.value() == std::max(up_to, after));
      return all;
    }
    REQUIRE(page->covered > from);
    from = page->covered;
  }
}

void compare_random_reads(FilledLog& filled, int rounds) {
  auto& log = *filled.log->operator->();
  auto& random = filled.random;
  const auto head = log.head().value();
  for (int round = 0; round < rounds; ++round) {
    const auto& channel = kChannels[random() % kChannels.size()];
    const auto after = random() % 4 == 0 ? 0 : random() % (head + 1);
    const auto up_to = random() % 2 == 0 ? head : random() % (head + 1);
    const PageLimits limits{random() % 3 == 0 ? random() % 20 + 1 : 1000,
                            random() % 3 == 0 ? random() % 2000 : 1'000'000};
    INFO("channel ", channel, " after ", after, " up to ", up_to, ", pages of ", limits.records, " records, ",
         limits.bytes, " bytes");
    // Small pages over everything would take a while and find nothing else.
    const auto start =
        limits.records < 100 || limits.bytes < 10'000 ? std::max(after, up_to - std::min(up_to, kSegment)) : after;
    const auto expected = filled.expected(channel, start, up_to);
    REQUIRE(read_in_pages(log, channel, start, up_to, limits) == expected);

    const auto count = random() % 3 == 0 ? random() % 5000 : random() % 20;
    const auto all = filled.expected(channel, 0, up_to);
    const auto before = log.offset_before_last(channel, Offset(up_to), count);
    if (!before) FAIL(before.error().context);
    INFO("before the last ", count, ": ", before->value());
    if (all.size() <= count) {
      REQUIRE(before->value() == 0);
    } else {
      REQUIRE(filled.expected(channel, before->value(), up_to).size() == count);
    }
  }
}

}  // namespace

TEST_CASE("a channel read is a filter over the log, across segments, appends and trims") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed ", seed);
  for (const auto engine : store_engines()) {
    INFO("engine ", std::string(engine));
    FilledLog filled(engine, 3 * kSegment + 5000, seed);
    compare_random_reads(filled, 60);
    filled.publish(kSegment - 4000);  // finishes another segment and begins the next
    compare_random_reads(filled, 30);
    for (const std::uint64_t before : {std::uint64_t{6}, kSegment / 2, 2 * kSegment + 1, 4 * kSegment - 3}) {
      REQUIRE(filled.log->store().trim(Offset(before), {}));
      compare_random_reads(filled, 30);
    }
    REQUIRE(filled.log->store().trim((*filled.log)->head().next(), {}));
    compare_random_reads(filled, 5);
    filled.publish(10);
    compare_random_reads(filled, 20);
  }
}

TEST_CASE("opening writes the index segments that records copied in without them lack") {
  FilledLog filled("memory", 2 * kSegment + 10, 1);
  CHECK(contract::key_segments(filled.log->store(), 0) == Offsets{0, 1});
  CHECK(contract::channel_segments(filled.log->store(), "/old", 0) == Offsets{0});
  CHECK(contract::channel_segments(filled.log->store(), "/busy", 0) == Offsets{0, 1});
}

TEST_CASE("a segment that finishes in the middle of a read is not read twice") {
  FilledLog filled("memory", 2 * kSegment - 1, 4);
  auto& log = *filled.log->operator->();
  filled.log->store().before_next_read([&] { filled.publish(1); });
  const auto up_to = log.head().value();
  std::size_t records = 0;
  const auto page = log.read_channel("/room-3", Offset(0), Offset(up_to), {10'000, 10'000'000},
                                     [&](const RecordView&) { return ++records > 0; });
  REQUIRE(page);
  CHECK(page->end);
  CHECK(contract::key_segments(filled.log->store(), 0) == Offsets{0, 1});
  CHECK(records == filled.expected("/room-3", 0, up_to).size());
}

TEST_CASE("a page ends when the visitor says so, and the next one goes on after it") {
  FilledLog filled("memory", 1000, 2);
  auto& log = *filled.log->operator->();
  for (const std::string_view channel : {"/busy", "/room-3"}) {
    Offsets seen;
    const auto stop_after_three = [&](const RecordView& record) {
      seen.push_back(record.offset.value());
      return seen.size() % 3 != 0;
    };
    ChannelPage page;
    do {
      const auto read = log.read_channel(channel, page.covered, Offset(1000), {1000, 1'000'000}, stop_after_three);
      REQUIRE(read);
      page = *read;
    } while (!page.end);
    CHECK(seen == filled.expected(channel, 0, 1000));
  }
}

TEST_CASE("a reader that follows the head misses nothing while segments finish") {
  for (const auto engine : store_engines()) {
    INFO("engine ", std::string(engine));
    constexpr std::uint64_t kRecords = 3 * kSegment;
    FilledLog filled(engine, kSegment / 2, 3);
    std::atomic<bool> done = false;
    Offsets seen;
    std::thread reader([&] {
      auto& log = *filled.log->operator->();
      for (Offset covered;;) {
        const bool last_look = done;
        const auto head = log.head();
        const auto more = read_in_pages(log, "/room-3", covered.value(), head.value(), {100, 1'000'000});
        seen.insert(seen.end(), more.begin(), more.end());
        covered = head;
        if (last_look) return;
      }
    });
    filled.publish(kRecords - kSegment / 2);
    done = true;
    reader.join();
    CHECK(seen == filled.expected("/room-3", 0, kRecords));
  }
}

}  // namespace tidemark::test
