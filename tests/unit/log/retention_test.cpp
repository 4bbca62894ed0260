// Which records go, by which rule, in which steps, and what is noted of it.
#include "src/log/retention.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <memory>
#include <random>
#include <set>

#include "backends/memory/memory_store.h"
#include "src/log/age_search.h"
#include "tests/contract/engine_under_test.h"
#include "tests/unit/log/damaged_store.h"
#include "tests/unit/log/log_under_test.h"

namespace tidemark::test {
namespace {

constexpr std::uint64_t kSlice = limits::kTrimSliceRecords;

/// A store on each engine in turn, filled by the test.
template <class Test>
void on_every_engine(Test test) {
  contract::on_every_engine([&](contract::EngineUnderTest& engine) { test(engine.store()); });
}

/// Record i has time i * 10.
void fill(LogStore& store, std::uint64_t records, std::size_t payload_bytes = 1) {
  const auto from = store.state().head.value() + 1;
  std::vector<Record> batch;
  for (auto offset = from; offset < from + records; ++offset) {
    auto record = contract::record_at(offset, fmt::format("/room-{}", offset % 3));
    record.time = {static_cast<std::int64_t>(offset * 10)};
    record.payload.assign(payload_bytes, '1');
    batch.push_back(std::move(record));
  }
  contract::append(store, batch);
}

/// Steps until nothing is left to do; the ends of the steps.
std::vector<std::uint64_t> run(LogStore& store, Retention& retention) {
  std::vector<std::uint64_t> ends;
  for (;;) {
    const auto more = retention.step([&](Offset before, std::span<const ChannelLoss> losses) {
      ends.push_back(before.value());
      return store.trim(before, losses);
    });
    if (!more) FAIL(more.error().context);
    if (!*more) return ends;
  }
}

std::unique_ptr<LogStore> memory() { return make_memory_store(Epoch(1)); }

std::uint64_t first(const LogStore& store) { return store.state().first.value(); }

}  // namespace

TEST_CASE("nothing goes without a rule, and nothing that a rule still allows") {
  on_every_engine([](LogStore& store) {
    fill(store, 100);
    const ManualClock clock(2000);
    for (const auto policy : {RetentionPolicy{}, RetentionPolicy{.records = 100}, RetentionPolicy{.age = Millis(1990)},
                              RetentionPolicy{.bytes = 100'000'000}}) {
      Retention retention(store, policy, clock);
      CHECK(run(store, retention).empty());
    }
  });
}

TEST_CASE("the newest N records stay") {
  on_every_engine([](LogStore& store) {
    fill(store, 100);
    const ManualClock clock(0);
    Retention retention(store, {.records = 30}, clock);
    run(store, retention);
    CHECK(first(store) == 71);
    fill(store, 5);
    run(store, retention);
    CHECK(first(store) == 76);
    CHECK(store.stats().records == 30);
  });
}

TEST_CASE("records go when they are older than the limit, and the log may become empty without starting anew") {
  on_every_engine([](LogStore& store) {
    fill(store, 100);  // the last one at 1000
    ManualClock clock(1000);
    Retention retention(store, {.age = Millis(500)}, clock);
    run(store, retention);
    CHECK(first(store) == 50);  // it is 500 old, not older
    clock.set(1001);
    run(store, retention);
    CHECK(first(store) == 51);
    clock.set(5000);
    run(store, retention);
    CHECK(first(store) == 101);
    CHECK(store.state().head == Offset(100));
    fill(store, 1);
    CHECK(contract::offsets_of(contract::scan(store, 0, 1000)) == std::vector<std::uint64_t>{101});
  });
}

TEST_CASE("a clock that goes back keeps what is there") {
  on_every_engine([](LogStore& store) {
    fill(store, 100);
    ManualClock clock(1000);
    Retention retention(store, {.age = Millis(500)}, clock);
    run(store, retention);
    clock.set(-100'000);
    run(store, retention);
    CHECK(first(store) == 50);
  });
}

TEST_CASE("a clock that jumps ahead removes nothing until it has held for a while") {
  using std::chrono::duration_cast;
  const Millis age(500);
  const Millis jump = duration_cast<Millis>(limits::kClockJump) + Millis(1);
  const Millis doubt = limits::kClockDoubt;
  const auto store = memory();
  fill(*store, 100);  // the last one at 1000
  ManualClock clock(1000);
  SUBCASE("while the server runs") {}
  SUBCASE("before it was started") { clock.set(1000 + jump.count()); }
  Retention retention(*store, {.age = age}, clock, BelievedTime(clock, {1000}, std::nullopt));
  run(*store, retention);
  CHECK(first(*store) == 50);
  clock.set(1000 + jump.count());
  run(*store, retention);
  CHECK(first(*store) == 50);
  SUBCASE("time goes on meanwhile") {
    clock.pass(Millis(100));
    run(*store, retention);
    CHECK(first(*store) == 60);
  }
  SUBCASE("put right in time, it has removed nothing") {
    clock.pass(doubt - Millis(1));
    clock.set(1000);
    run(*store, retention);
    CHECK(first(*store) == 50);
    clock.set(1001);
    run(*store, retention);
    CHECK(first(*store) == 51);
  }
  SUBCASE("what lasts is believed") {
    fill(*store, 1);
    clock.pass(doubt);
    run(*store, retention);
    CHECK(first(*store) == 102);
  }
}

TEST_CASE("what time is believed to be survives a restart, and so does the doubt") {
  const contract::TemporaryDirectory directory;
  const auto file = directory.path() / BelievedTime::kFileName;
  ManualClock clock(1000);
  const auto restarted = [&](TimeMs newest) {
    auto note = NoteFile::open(file);
    REQUIRE(note);
    return BelievedTime(clock, newest, std::move(*note));
  };
  const Millis jump = std::chrono::hours(24 * 365);
  const Millis half = Millis(limits::kClockDoubt) / 2;
  {
    auto time = restarted({1000});
    CHECK(time.now().value == 1000);
    clock.set(1000 + jump.count());
    CHECK(time.now().value == 1000);
    clock.pass(half);
    CHECK(time.now().value == 1000 + half.count());
  }
  {
    // A record was stored meanwhile, at the wrong time.
    auto time = restarted(clock.wall());
    CHECK(time.now().value == 1000 + half.count());
    clock.pass(half - Millis(1));
    CHECK(time.now().value == 1000 + 2 * half.count() - 1);
  }
  auto time = restarted(clock.wall());
  clock.pass(Millis(1));
  CHECK(time.now() == clock.wall());
}

TEST_CASE("the records kept take no more than the limit, whatever their sizes, and not much less") {
  for (const bool large_first : {false, true}) {
    CAPTURE(large_first);
    on_every_engine([&](LogStore& store) {
      const std::size_t large = 2000;
      fill(store, 5000, large_first ? large : 100);
      fill(store, 5000, large_first ? 100 : large);
      const std::uint64_t limit = store.stats().bytes_in_use / 2;
      const ManualClock clock(0);
      Retention retention(store, {.bytes = limit}, clock);
      run(store, retention);
      CHECK(store.stats().bytes_in_use <= limit);
      CHECK(store.state().first <= store.state().head);
      // At most a slice too much, and that only where the sizes change. RocksDB takes all records that are in no file yet
      // for equal.
      if (store.engine() != "rocksdb") CHECK(store.stats().bytes_in_use + kSlice * (large + 200) > limit);
    });
  }
}

TEST_CASE("of equal records half the bytes are about half the records, again and again") {
  on_every_engine([](LogStore& store) {
    fill(store, 20'000);
    const std::uint64_t limit = store.stats().bytes_in_use / 2;
    const ManualClock clock(0);
    Retention retention(store, {.bytes = limit}, clock);
    for (int round = 0; round < 20; ++round) {
      run(store, retention);
      const auto kept = store.stats().records;
      CHECK(kept > 8'000);
      CHECK(kept < 12'000);
      fill(store, 200);
    }
  });
}

TEST_CASE("a limit of bytes too small for anything leaves the newest record") {
  on_every_engine([](LogStore& store) {
    fill(store, 100);
    const ManualClock clock(0);
    Retention retention(store, {.bytes = 1}, clock);
    run(store, retention);
    CHECK(first(store) == 100);
    CHECK(run(store, retention).empty());
  });
}

TEST_CASE("of several rules the strictest wins") {
  on_every_engine([](LogStore& store) {
    fill(store, 100);
    ManualClock clock(1000);
    Retention retention(store, {.age = Millis(300), .records = 60}, clock);
    run(store, retention);
    CHECK(first(store) == 70);  // age
    fill(store, 100);
    run(store, retention);
    CHECK(first(store) == 141);  // records
  });
}

TEST_CASE("a trim goes in steps, bounded in records and in bytes") {
  on_every_engine([](LogStore& store) {
    fill(store, 3 * kSlice + 10);
    const ManualClock clock(0);
    Retention retention(store, {.records = 5}, clock);
    CHECK(run(store, retention) ==
          std::vector<std::uint64_t>{kSlice + 1, 2 * kSlice + 1, 3 * kSlice + 1, 3 * kSlice + 6});
    fill(store, 10, limits::kTrimSliceBytes / 3);
    const auto ends = run(store, retention);
    CHECK(ends.size() == 2);  // those that were left and three of the large ones, then the rest
  });
}

TEST_CASE("each step notes the newest loss of each of its channels, and of no other") {
  on_every_engine([](LogStore& store) {
    contract::append(store, {contract::record_at(1, "/a"), contract::record_at(2, "/b"), contract::record_at(3, "/a"),
                             contract::record_at(4, "/c"), contract::record_at(5, "/b")});
    const ManualClock clock(0);
    Retention retention(store, {.records = 2}, clock);
    run(store, retention);
    CHECK(contract::losses_of(store) == contract::Losses{{"/a", 3}, {"/b", 2}});
  });
}

TEST_CASE("a step that fails is reported, and the next one goes on from where the log is") {
  FaultyStore store(open_store("memory", {.epoch_if_new = Epoch(1)}).value());
  fill(store, 3 * kSlice);
  const ManualClock clock(0);
  Retention retention(store, {.records = 10}, clock);
  const auto failed = retention.step([](Offset, std::span<const ChannelLoss>) {
    return Result<void>(fail(ErrorCode::out_of_space, "the disk is full"));
  });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::out_of_space);
  store.fail_reads({ErrorCode::io, "cannot read"});
  CHECK_FALSE(retention.step([](Offset, std::span<const ChannelLoss>) { return Result<void>(); }));
  store.heal();
  run(store, retention);
  CHECK(first(store) == 3 * kSlice - 9);
}

TEST_CASE("damaged records are trimmed like others, and count as lost in every channel") {
  Damage damage;
  DamagedStore store(memory(), damage);
  fill(store, 2 * kSlice);
  damage.records = {1, 2, 7, kSlice - 1, kSlice, kSlice + 5};
  const ManualClock clock(0);
  Retention retention(store, {.records = kSlice}, clock);
  run(store, retention);
  CHECK(first(store) == kSlice + 1);
  auto losses = contract::losses_of(store);
  CHECK(losses[""] == kSlice);
  CHECK(losses["/room-0"] <= kSlice);
  CHECK(losses.size() == 4);
}

TEST_CASE("records that are not there count as lost in every channel, like those that cannot be read") {
  Damage damage;
  DamagedStore store(memory(), damage);
  fill(store, 100);
  SUBCASE("among others") {
    damage.missing = {3, 4};
    const ManualClock clock(0);
    Retention retention(store, {.records = 90}, clock);
    run(store, retention);
    CHECK(contract::losses_of(store)[""] == 4);
  }
  SUBCASE("at the end of what is to go") {
    damage.missing = {9, 10};
    const ManualClock clock(0);
    Retention retention(store, {.records = 90}, clock);
    run(store, retention);
    CHECK(contract::losses_of(store)[""] == 10);
  }
}

TEST_CASE("what a repair left out is not lost once more when it is trimmed") {
  Damage damage;
  DamagedStore store(memory(), damage);
  fill(store, 100);
  damage.missing = {3, 4, 10};
  Holes holes;
  holes.add({Offset(3), Offset(4)});
  SUBCASE("but what is missing besides is") {}
  SUBCASE("nothing is missing besides") { holes.add({Offset(10), Offset(10)}); }
  const ManualClock clock(0);
  Retention retention(store, {.records = 90}, clock, holes);
  run(store, retention);
  const auto losses = contract::losses_of(store);
  CHECK(losses.contains("") == !holes.contains(Offset(10)));
}

TEST_CASE("records are counted, not offsets: a hole before the newest ones takes nobody's place") {
  Damage damage;
  DamagedStore store(memory(), damage);
  fill(store, 100);
  for (std::uint64_t offset = 61; offset <= 90; ++offset) damage.missing.insert(offset);
  Holes holes;
  holes.add({Offset(61), Offset(90)});
  const ManualClock clock(0);
  Retention all(store, {.records = 70}, clock, holes);
  run(store, all);
  CHECK(first(store) == 1);
  Retention thirty(store, {.records = 30}, clock, holes);
  run(store, thirty);
  CHECK(first(store) == 41);
  Retention five(store, {.records = 5}, clock, holes);
  run(store, five);
  CHECK(first(store) == 96);
}

TEST_CASE("what of a stretch is in no hole can be counted, and counted off from its end") {
  Holes holes;
  holes.add({Offset(3), Offset(4)});
  holes.add({Offset(8), Offset(9)});
  CHECK(holes.records_in({Offset(1), Offset(10)}) == 6);
  CHECK(holes.records_in({Offset(4), Offset(8)}) == 3);
  CHECK(holes.records_in({Offset(3), Offset(4)}) == 0);
  CHECK(holes.records_in({Offset(11), Offset(10)}) == 0);
  for (const auto& [count, from] :
       std::map<std::uint64_t, std::uint64_t>{{0, 1}, {1, 10}, {2, 7}, {3, 6}, {4, 5}, {5, 2}, {6, 1}, {7, 1}}) {
    CHECK(holes.before_newest({Offset(1), Offset(10)}, count) == Offset(from));
  }
}

TEST_CASE("a log of nothing but damage is trimmed") {
  Damage damage;
  DamagedStore store(memory(), damage);
  fill(store, 3 * kSlice);
  std::set<std::uint64_t> all;
  for (std::uint64_t offset = 1; offset <= 3 * kSlice; ++offset) all.insert(offset);
  damage.records = all;
  const ManualClock clock(0);
  Retention retention(store, {.records = 1}, clock);
  run(store, retention);
  CHECK(first(store) == 3 * kSlice);
}

TEST_CASE("an old record is found by its age, however many of the others are damaged, and no young one is") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed ", seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    Damage damage;
    DamagedStore store(memory(), damage);
    const auto records = random() % 300 + 1;
    fill(store, records);
    std::set<std::uint64_t> damaged;
    if (round % 2 == 1) {
      const auto from = random() % records + 1;
      for (auto offset = from; offset <= std::min(records, from + random() % 100); ++offset) damaged.insert(offset);
      for (int i = 0; i < 10; ++i) damaged.insert(random() % records + 1);
    }
    damage.records = damaged;
    const auto moment = static_cast<std::int64_t>(random() % (records * 10 + 30));
    const auto found = first_not_older(store, Offset(1), Offset(records), {moment});
    REQUIRE(found);
    // Times are offsets times 10.
    const auto exact = std::min<std::uint64_t>(records + 1, (static_cast<std::uint64_t>(moment) + 9) / 10);
    INFO("records ", records, " damaged ", damaged.size(), " moment ", moment, " found ", found->value());
    if (damaged.empty()) {
      REQUIRE(found->value() == std::max<std::uint64_t>(1, exact));
    } else {
      REQUIRE(found->value() <= std::max<std::uint64_t>(1, exact));
    }
  }
}

TEST_CASE("damage does not stop retention by age for ever: records after it speak for it") {
  Damage damage;
  DamagedStore store(memory(), damage);
  fill(store, 1000);
  std::set<std::uint64_t> damaged;
  for (std::uint64_t offset = 1; offset <= 600; ++offset) damaged.insert(offset);
  damage.records = damaged;
  ManualClock clock(1000 * 10 + 1000);
  Retention retention(store, {.age = Millis(1000)}, clock);
  run(store, retention);
  CHECK(first(store) == 1000);
}

}  // namespace tidemark::test
