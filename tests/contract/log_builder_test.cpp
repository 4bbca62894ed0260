// LogBuilder: a log made of records that have their offsets already, on every durable engine.
#include "src/log/log_builder.h"

#include "src/log/faulty_store.h"
#include "tests/contract/damaged_log.h"

namespace tidemark::contract {
namespace {

constexpr std::uint64_t kSegment = limits::kSegmentRecords;

/// A new log in the making.
struct Building {
  TemporaryDirectory directory;
  std::string_view engine;
  LogOutline outline;

  [[nodiscard]] LogBuilder builder() const {
    return {directory.path(), outline, [this](bool building) {
              return open_store(engine, {.directory = directory.path(),
                                         .epoch_if_new = outline.state.epoch,
                                         .accept_loss = true,
                                         .building = building});
            }};
  }
  [[nodiscard]] std::unique_ptr<LogStore> built() const {
    auto store = open_store(engine, {.directory = directory.path(), .epoch_if_new = Epoch(1)});
    if (!store) FAIL(store.error().context);
    CHECK((*store)->state().epoch == outline.state.epoch);
    CHECK((*store)->state().head == outline.state.head);
    return std::move(*store);
  }
  void is_sound() const {
    const auto sound = verified(engine, directory.path());
    if (!sound) FAIL(sound.error().context);
    INFO(sound->text());
    CHECK(sound->verdict.clean());
  }
};

template <class Test>
void on_every_durable_engine(Test test) {
  for (const auto name : store_engines()) {
    if (name == "memory") continue;
    INFO("engine: ", std::string(name));
    Building building{.directory = {},
                      .engine = name,
                      .outline = {.state = {kEpoch, Offset(1), Offset()}, .holes = {}, .losses = {}}};
    test(building);
  }
}

void build(LogBuilder& builder, const std::vector<Record>& records) {
  REQUIRE(builder.begin());
  for (const Record& record : records) {
    const auto added = builder.add(record.view());
    if (!added) FAIL(added.error().context);
  }
  const auto finished = builder.finish();
  if (!finished) FAIL(finished.error().context);
  CHECK(builder.records() == records.size());
}

}  // namespace

TEST_CASE("a log is built of its records as they are, with the index of every finished segment") {
  on_every_durable_engine([](Building& building) {
    const auto records = records_of_channels(1, 2 * kSegment + 10);
    building.outline.state.head = records.back().offset;
    auto builder = building.builder();
    build(builder, records);
    building.is_sound();
    const auto store = building.built();
    CHECK(scan(*store, 0, Offset::kMax) == records);
    CHECK(key_segments(*store, 0) == std::vector<std::uint64_t>{0, 1});
  });
}

TEST_CASE("a log is built that begins in the middle, has holes, and whose channels lost something") {
  on_every_durable_engine([](Building& building) {
    auto records = records_of_channels(50, 100);
    std::erase_if(records, [](const Record& record) { return record.offset == Offset(60); });
    building.outline.state = {kEpoch, Offset(50), Offset(100)};
    building.outline.holes.add({Offset(60), Offset(60)});
    building.outline.losses = {{"", Offset(2)}, {"/gone", Offset(40)}};
    auto builder = building.builder();
    build(builder, records);
    const auto store = building.built();
    CHECK(store->state().first == Offset(50));
    CHECK(scan(*store, 0, Offset::kMax) == records);
    CHECK(losses_of(*store) == Losses{{"", 2}, {"/gone", 40}});
    CHECK(*read_holes(building.directory.path()) == building.outline.holes);
  });
}

TEST_CASE("the next offset is above the head, also where the newest records or all of them are gone") {
  enum class Left { most, none };
  auto left = Left::most;
  SUBCASE("the newest are in a hole") { left = Left::most; }
  SUBCASE("all were trimmed") { left = Left::none; }
  on_every_durable_engine([&](Building& building) {
    auto records = records_of_channels(1, 90);
    building.outline.state.head = Offset(100);
    if (left == Left::most) building.outline.holes.add({Offset(91), Offset(100)});
    if (left == Left::none) {
      records.clear();
      building.outline.state.first = Offset(101);
    }
    auto builder = building.builder();
    build(builder, records);
    const auto store = building.built();
    append(*store, {record_at(101)});
    CHECK(store->state().head == Offset(101));
  });
}

TEST_CASE("a hole that is longer than anybody can count segment by segment is in nobody's way") {
  on_every_durable_engine([](Building& building) {
    constexpr std::uint64_t kFar = Offset::kMax - 10 * kSegment;
    const std::vector<Record> records{record_at(1, "/a"), record_at(2, "/b"), record_at(kFar, "/a"),
                                      record_at(kFar + 2 * kSegment, "/a")};
    building.outline.state = {kEpoch, Offset(1), Offset(kFar + 2 * kSegment)};
    building.outline.holes.add({Offset(3), Offset(kFar - 1)});
    building.outline.holes.add({Offset(kFar + 1), Offset(kFar + 2 * kSegment - 1)});
    auto builder = building.builder();
    build(builder, records);
    building.is_sound();
    auto store = building.built();
    CHECK(scan(*store, 0, Offset::kMax) == records);
    CHECK(channel_segments(*store, "/a", 0) == std::vector<std::uint64_t>{0, segment_of(Offset(kFar))});
    CHECK(channel_segments(*store, "/b", 0) == std::vector<std::uint64_t>{0});
  });
}

TEST_CASE("records that cannot be of the log are refused") {
  on_every_durable_engine([](Building& building) {
    building.outline.state = {kEpoch, Offset(5), Offset(20)};
    building.outline.holes.add({Offset(8), Offset(9)});
    auto builder = building.builder();
    REQUIRE(builder.begin());
    const auto refusal = [&](std::uint64_t offset) {
      const auto added = builder.add(record_at(offset).view());
      REQUIRE_FALSE(added);
      return added.error().code;
    };
    CHECK(refusal(4) == ErrorCode::invalid_argument);   // trimmed
    CHECK(refusal(21) == ErrorCode::invalid_argument);  // beyond the head
    CHECK(refusal(6) == ErrorCode::corrupt);            // 5 is missing
    REQUIRE(builder.add(record_at(5).view()));
    CHECK(refusal(5) == ErrorCode::invalid_argument);  // twice
    REQUIRE(builder.add(record_at(6).view()));
    REQUIRE(builder.add(record_at(7).view()));
    CHECK(refusal(8) == ErrorCode::invalid_argument);  // in a hole
    REQUIRE(builder.add(record_at(10).view()));
    const auto finished = builder.finish();  // 11 to 20 are missing
    REQUIRE_FALSE(finished);
    CHECK(finished.error().code == ErrorCode::corrupt);
  });
}

TEST_CASE("records of any size go in, and memory does not grow with them") {
  on_every_durable_engine([](Building& building) {
    std::vector<Record> records;
    for (std::uint64_t offset = 1; offset <= 20; ++offset) {
      auto record = record_at(offset);
      record.payload = '"' + std::string(limits::kMiB, 'x') + '"';
      records.push_back(std::move(record));
    }
    building.outline.state.head = Offset(20);
    auto builder = building.builder();
    build(builder, records);
    CHECK(scan(*building.built(), 0, Offset::kMax) == records);
  });
}

TEST_CASE("a write that fails while the next batch is gathered is told, and nothing after it is written") {
  enum class Fails { first_batch, last_batch };
  auto fails = Fails::first_batch;
  SUBCASE("the first batch") { fails = Fails::first_batch; }
  SUBCASE("the last one, when nothing comes any more") { fails = Fails::last_batch; }
  on_every_durable_engine([&](Building& building) {
    constexpr auto kRecords = 3 * limits::kBatchRecords;
    building.outline.state.head = Offset(kRecords);
    FaultyStore* store = nullptr;
    LogBuilder builder(building.directory.path(), building.outline, [&](bool in_the_making) {
      auto opened = open_store(
          building.engine, {.directory = building.directory.path(), .epoch_if_new = kEpoch, .building = in_the_making});
      if (!opened) return opened;
      auto faulty = std::make_unique<FaultyStore>(std::move(*opened));
      store = faulty.get();
      return Result<std::unique_ptr<LogStore>>(std::move(faulty));
    });
    REQUIRE(builder.begin());
    store->fail_append({ErrorCode::out_of_space, "the disk is full"}, fails == Fails::first_batch ? 1 : 3);
    auto done = Result<void>();
    for (std::uint64_t offset = 1; done && offset <= kRecords; ++offset) done = builder.add(record_at(offset).view());
    CHECK(done.has_value() == (fails == Fails::last_batch));
    if (done) done = builder.finish();
    REQUIRE_FALSE(done);
    CHECK(done.error().context == "the disk is full");
  });
}

}  // namespace tidemark::contract
