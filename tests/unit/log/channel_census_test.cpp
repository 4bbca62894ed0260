// Which channels the log holds: counted once, counted on, and still right when records are trimmed or damaged.
#include "src/log/channel_census.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "backends/memory/memory_store.h"
#include "tests/unit/log/damaged_store.h"
#include "tests/unit/log/log_under_test.h"

namespace tidemark::test {
namespace {

constexpr std::array<std::string_view, 3> kChannels = {"/", "/chat/a", "/chat/b"};

/// A log of channels in turn: 1 is of "/", 2 of "/chat/a", 3 of "/chat/b", 4 of "/" and so on.
struct World {
  Damage damage;
  LogUnderTest log{std::make_unique<DamagedStore>(make_memory_store(Epoch(1)), damage), {}};

  void publish(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i, ++published) {
      log.clock().set(1'000 + static_cast<std::int64_t>(published));
      (void)log.publish_and_wait(draft("12345", "", kChannels[published % kChannels.size()]));
    }
  }
  std::size_t published = 0;
};

OffsetRange whole(Log& log) { return {log.first(), log.head()}; }

ChannelCensus::Totals count(ChannelCensus& census, OffsetRange range) {
  for (;;) {
    const auto counted = census.step(range);
    if (!counted) FAIL(counted.error().context);
    if (*counted) return **counted;
  }
}

}  // namespace

TEST_CASE("every channel is counted with its records, bytes, first, last and last time") {
  World world;
  ChannelCensus census(*world.log.operator->());
  CHECK(count(census, whole(*world.log.operator->())).channels.empty());
  world.publish(7);
  const auto totals = count(census, whole(*world.log.operator->()));
  CHECK(totals.unreadable == 0);
  REQUIRE(totals.channels.size() == 3);
  const std::size_t bytes = draft("12345").bytes() - sizeof(Draft);  // of one in "/"
  CHECK(totals.channels.at("/") == ChannelCount{3, 3 * bytes, Offset(1), Offset(7), {1'006}});
  CHECK(totals.channels.at("/chat/a") == ChannelCount{2, 2 * (bytes + 6), Offset(2), Offset(5), {1'004}});
  CHECK(totals.channels.at("/chat/b") == ChannelCount{2, 2 * (bytes + 6), Offset(3), Offset(6), {1'005}});
}

TEST_CASE("what is new is counted on, also over many stretches") {
  World world;
  ChannelCensus census(*world.log.operator->(), 2);
  for (std::size_t published = 1; published <= 5 * limits::kCensusBlocks; published += 7) {
    world.publish(7);
    const auto totals = count(census, whole(*world.log.operator->()));
    std::uint64_t records = 0;
    for (const auto& [channel, counted] : totals.channels) records += counted.records;
    CHECK(records == world.published);
    CHECK(totals.channels.at("/").first == Offset(1));
  }
  const auto totals = count(census, whole(*world.log.operator->()));
  ChannelCensus at_once(*world.log.operator->());
  CHECK(totals.channels == count(at_once, whole(*world.log.operator->())).channels);
}

TEST_CASE("what was trimmed is not counted any more, wherever in a stretch the log begins now") {
  for (std::uint64_t first = 1; first <= 13; ++first) {
    CAPTURE(first);
    World world;
    ChannelCensus census(*world.log.operator->(), 4);
    world.publish(12);
    (void)count(census, whole(*world.log.operator->()));
    const OffsetRange rest{Offset(first), Offset(12)};
    ChannelCensus at_once(*world.log.operator->());
    CHECK(count(census, rest).channels == count(at_once, rest).channels);
  }
}

TEST_CASE("damaged records are passed over and counted as such") {
  World world;
  world.publish(9);
  world.damage.records = {1, 5, 9};
  ChannelCensus census(*world.log.operator->(), 4);
  const auto totals = count(census, whole(*world.log.operator->()));
  CHECK(totals.unreadable == 3);
  CHECK(totals.channels.at("/").records == 2);
  CHECK(totals.channels.at("/chat/a").records == 2);
  CHECK(totals.channels.at("/chat/b").records == 2);
}

TEST_CASE("a store that cannot be read is an error, and is counted when it can be again") {
  World world;
  world.publish(3);
  ChannelCensus census(*world.log.operator->());
  world.log.store().fail_reads({ErrorCode::io, "the disk is gone"});
  const auto more = census.step(whole(*world.log.operator->()));
  REQUIRE_FALSE(more);
  CHECK(more.error().code == ErrorCode::io);
  world.log.store().heal();
  CHECK(count(census, whole(*world.log.operator->())).channels.size() == 3);
}

TEST_CASE("whoever asks for less than others have counted is told how far it is counted") {
  World world;
  world.publish(9);
  for (const std::uint64_t stretch : {2, 100}) {
    ChannelCensus census(*world.log.operator->(), stretch);
    CHECK(count(census, {Offset(1), Offset(3)}).range == OffsetRange{Offset(1), Offset(3)});
    // Somebody else's count, to its end and in the middle of it.
    CHECK(count(census, {Offset(1), Offset(6)}).range == OffsetRange{Offset(1), Offset(6)});
    REQUIRE_FALSE(census.step({Offset(1), Offset(9)}).value());
    const auto totals = count(census, {Offset(1), Offset(3)});
    std::uint64_t records = 0;
    for (const auto& [channel, counted] : totals.channels) {
      records += counted.records;
      CHECK(counted.last <= totals.range.last);
    }
    CHECK(totals.range.last > Offset(6));
    CHECK(records == totals.range.last.value());
    // Somebody else came after a trim.
    CHECK(count(census, {Offset(5), Offset(9)}).range == OffsetRange{Offset(5), Offset(9)});
    CHECK(count(census, {Offset(1), Offset(6)}).range == OffsetRange{Offset(5), Offset(9)});
  }
}

}  // namespace tidemark::test
