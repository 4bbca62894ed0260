// Salvage: what a repaired log has in common with the damaged one, on every durable engine.
#include "src/log/salvage.h"

#include <array>
#include <optional>

#include "tests/contract/damaged_log.h"
#include "tests/unit/log/damaged_store.h"

namespace tidemark::contract {
namespace {

constexpr Epoch kNewEpoch{0x1122334455667788};
constexpr std::uint64_t kSegment = limits::kSegmentRecords;

/// A damaged log over the memory engine, and its repair into a durable one.
struct Repair {
  std::unique_ptr<LogStore> memory = open_store("memory", {.directory = {}, .epoch_if_new = kEpoch}).value();
  test::Damage damage;
  Holes holes;
  std::optional<HeadFloor::Note> floor;
  TemporaryDirectory directory;
  std::string_view engine;
  std::optional<test::DamagedStore> damaged;

  explicit Repair(std::string_view name) : engine(name) {}

  Salvaged salvage() {
    damaged.emplace(std::move(memory), damage);
    const auto open = [&] {
      return open_store(engine, {.directory = directory.path(), .epoch_if_new = kNewEpoch, .accept_loss = true});
    };
    auto saved = tidemark::salvage(*damaged, {.directory = directory.path(),
                                              .epoch = kNewEpoch,
                                              .holes = holes,
                                              .floor = floor,
                                              .open = open,
                                              .on_progress = [](std::uint64_t, std::uint64_t) { return true; }});
    if (!saved) FAIL(saved.error().context);
    const auto sound = verified(engine, directory.path());
    if (!sound) FAIL(sound.error().context);
    INFO(sound->text());
    CHECK(sound->verdict.clean());
    return *saved;
  }

  [[nodiscard]] std::unique_ptr<LogStore> repaired() const {
    auto store = open_store(engine, {.directory = directory.path(), .epoch_if_new = kEpoch});
    if (!store) FAIL(store.error().context);
    CHECK((*store)->state().epoch == kNewEpoch);
    return std::move(*store);
  }
};

template <class Test>
void on_every_durable_engine(Test test) {
  for (const auto name : store_engines()) {
    if (name == "memory") continue;
    INFO("engine: ", std::string(name));
    Repair repair(name);
    test(repair);
  }
}

Holes one(std::uint64_t first, std::uint64_t last) {
  Holes holes;
  holes.add({Offset(first), Offset(last)});
  return holes;
}

}  // namespace

TEST_CASE("salvage keeps every readable record as it is, and notes the others as holes") {
  on_every_durable_engine([](Repair& repair) {
    const auto records = records_of_channels(1, kSegment + 100);
    append_indexed(*repair.memory, records);
    repair.damage.records = {50, 52};
    const auto saved = repair.salvage();
    CHECK(saved.records == records.size() - 2);
    CHECK(saved.head == Offset(kSegment + 100));
    CHECK(saved.lost.size() == 2);
    CHECK(*read_holes(repair.directory.path()) == saved.lost);
    const auto store = repair.repaired();
    for (const Record& record : scan(*store, 0, Offset::kMax)) CHECK(record == records[record.offset.value() - 1]);
    CHECK(losses_of(*store).empty());  // one of them would say that everything before is gone, too
    append(*store, {record_at(kSegment + 101)});
  });
}

TEST_CASE("if what the channels lost cannot be read, every channel is told of all that was trimmed") {
  on_every_durable_engine([](Repair& repair) {
    append_indexed(*repair.memory, records_of_channels(1, 100));
    REQUIRE(repair.memory->trim(Offset(20), std::array{ChannelLoss{"/busy", Offset(18)}}));
    repair.damage.losses = true;
    static_cast<void>(repair.salvage());
    CHECK(losses_of(*repair.repaired()) == Losses{{"", 19}});
  });
}

TEST_CASE("a loss that hides records which are there is not carried over") {
  on_every_durable_engine([](Repair& repair) {
    append_indexed(*repair.memory, records_of_channels(1, 100));
    REQUIRE(repair.memory->trim(Offset(20), std::array{ChannelLoss{"/busy", Offset(50)}}));
    static_cast<void>(repair.salvage());
    CHECK(losses_of(*repair.repaired()) == Losses{{"/busy", 19}});
  });
}

TEST_CASE("salvage carries over what was trimmed, what the channels lost, and the holes of earlier repairs") {
  on_every_durable_engine([](Repair& repair) {
    append_indexed(*repair.memory, records_of_channels(1, 100));
    const std::vector<ChannelLoss> losses{{"/gone", Offset(3)}, {"/busy", Offset(18)}};
    REQUIRE(repair.memory->trim(Offset(20), losses));
    repair.damage.missing = {40, 41};
    repair.holes = one(40, 41);
    const auto saved = repair.salvage();
    CHECK(saved.lost.empty());
    CHECK(saved.holes == one(40, 41));
    const auto store = repair.repaired();
    CHECK(store->state().first == Offset(20));
    CHECK(losses_of(*store) == Losses{{"/busy", 18}, {"/gone", 3}});
    CHECK(read(*store, {19, 20}).size() == 1);
  });
}

TEST_CASE("the next offset is above everything acknowledged, even if nothing at all is left") {
  enum class Left { most, none, trimmed };
  auto left = Left::most;
  SUBCASE("the newest are missing") { left = Left::most; }
  SUBCASE("all are damaged") { left = Left::none; }
  SUBCASE("all were trimmed") { left = Left::trimmed; }
  on_every_durable_engine([&](Repair& repair) {
    append_indexed(*repair.memory, records_of_channels(1, 100));
    repair.floor = HeadFloor::Note{kEpoch, Offset(120)};
    if (left == Left::most) repair.damage.missing = {99, 100};
    if (left == Left::none) {
      for (std::uint64_t offset = 1; offset <= 100; ++offset) repair.damage.unreachable.insert(offset);
    }
    if (left == Left::trimmed) REQUIRE(repair.memory->trim(Offset(101), {}));
    CHECK(repair.salvage().head == Offset(120));
    const auto store = repair.repaired();
    CHECK(store->state().head == Offset(120));
    append(*store, {record_at(121)});
  });
}

TEST_CASE("a salvage that is to stop stops") {
  on_every_durable_engine([](Repair& repair) {
    append_indexed(*repair.memory, records_of_channels(1, 100));
    const auto stopped = salvage(
        *repair.memory, {.directory = repair.directory.path(),
                         .epoch = kNewEpoch,
                         .holes = {},
                         .floor = {},
                         .open =
                             [&] {
                               return open_store(repair.engine,
                                                 {.directory = repair.directory.path(), .epoch_if_new = kNewEpoch});
                             },
                         .on_progress = [](std::uint64_t, std::uint64_t) { return false; }});
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().code == ErrorCode::closed);
  });
}

}  // namespace tidemark::contract
