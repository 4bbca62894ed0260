// What is remembered of each channel's losses.
#include "src/log/losses.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <thread>

#include "backends/memory/memory_store.h"
#include "src/log/faulty_store.h"
#include "tests/contract/engine_under_test.h"

namespace tidemark::test {
namespace {

std::unique_ptr<FaultyStore> store_with(std::uint64_t records) {
  auto store = std::make_unique<FaultyStore>(make_memory_store(Epoch(1)));
  contract::append(*store, contract::records_between(1, records));
  return store;
}

Result<void> trim(Losses& losses, LogStore& store, std::uint64_t before, std::span<const ChannelLoss> lost) {
  return losses.note_after(store, lost, [&] { return store.trim(Offset(before), lost); });
}

}  // namespace

TEST_CASE("a channel's newest loss is known once the trim is done, and others lost nothing") {
  const auto store = store_with(20);
  Losses losses;
  REQUIRE(trim(losses, *store, 8, std::array{ChannelLoss{"/a", Offset(7)}, ChannelLoss{"/b", Offset(3)}}));
  REQUIRE(trim(losses, *store, 10, std::array{ChannelLoss{"/b", Offset(9)}}));
  for (const bool settled : {false, true}) {
    const auto of = [&](std::string_view channel) { return settled ? losses.settled(channel) : losses.of(channel); };
    CHECK(of("/a") == Offset(7));
    CHECK(of("/b") == Offset(9));
    CHECK(of("/quiet") == Offset());
  }
}

TEST_CASE("losses come back from the store, and what nobody knows the channel of counts for all") {
  const auto store = store_with(20);
  REQUIRE(store->trim(
      Offset(8), std::array{ChannelLoss{"/a", Offset(7)}, ChannelLoss{"/b", Offset(2)}, ChannelLoss{"", Offset(5)}}));
  Losses losses;
  REQUIRE(losses.load(*store));
  CHECK(losses.of("/a") == Offset(7));
  CHECK(losses.of("/b") == Offset(5));
  CHECK(losses.of("/quiet") == Offset(5));
}

TEST_CASE("a trim that failed and moved nothing loses nothing") {
  const auto store = store_with(20);
  Losses losses;
  const std::array lost{ChannelLoss{"/a", Offset(7)}};
  CHECK_FALSE(losses.note_after(*store, lost, [] { return Result<void>(fail(ErrorCode::out_of_space, "full")); }));
  CHECK(losses.of("/a") == Offset());
}

TEST_CASE("a trim that failed after it had hidden the records loses them") {
  const auto store = store_with(20);
  const std::array lost{ChannelLoss{"/a", Offset(7)}};
  const auto fail_late = [&] {
    REQUIRE(store->trim(Offset(8), lost));
    return Result<void>(fail(ErrorCode::io, "the disk is gone"));
  };
  Losses losses;
  CHECK_FALSE(losses.note_after(*store, lost, fail_late));
  CHECK(losses.of("/a") == Offset(7));
}

TEST_CASE("when not even the store can tell how far a failed trim got, all that may be gone counts as gone") {
  const auto store = store_with(20);
  const std::array lost{ChannelLoss{"/a", Offset(7)}};
  store->fail_reads({ErrorCode::io, "the disk is gone"});
  Losses losses;
  CHECK_FALSE(losses.note_after(*store, lost, [] { return Result<void>(fail(ErrorCode::io, "the disk is gone")); }));
  CHECK(losses.of("/a") == Offset(7));
}

TEST_CASE("who asks for what is settled waits for the trim under way, who does not need to know does not") {
  const auto store = store_with(20);
  Losses losses;
  const std::array lost{ChannelLoss{"/a", Offset(7)}};
  std::atomic<bool> asking = false;
  Offset settled;
  std::thread reader;
  REQUIRE(losses.note_after(*store, lost, [&] {
    reader = std::thread([&] {
      asking = true;
      asking.notify_one();
      settled = losses.settled("/a");
    });
    asking.wait(false);
    CHECK(losses.of("/a") == Offset());
    return Result<void>();
  }));
  reader.join();
  CHECK(settled == Offset(7));
}

TEST_CASE("more channels than are remembered are told of a gap too many, none of one too few") {
  Losses losses(10);
  const auto store = store_with(1);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    const auto name = fmt::format("/c{}", i);
    const std::array lost{ChannelLoss{name, Offset(1000 + i)}};
    REQUIRE(losses.note_after(*store, lost, [] { return Result<void>(); }));
    CHECK(losses.of(name) == Offset(1000 + i));
    for (std::uint64_t j = 1; j <= i; ++j) REQUIRE(losses.of(fmt::format("/c{}", j)) >= Offset(1000 + j));
  }
  CHECK(losses.of("/c100") == Offset(1100));
  CHECK(losses.of("/quiet") < Offset(1100));
  CHECK(losses.of("/quiet") >= Offset(1090));
}

}  // namespace tidemark::test
