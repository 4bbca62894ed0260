// What every durable engine does when its directory or acknowledged records are missing, and when the disk gets full.
#include <limits>

#include "src/log/head_floor.h"
#include "tests/contract/engine_under_test.h"

namespace tidemark::contract {
namespace {

constexpr Epoch kNewEpoch{0x1122334455667788};

void copy_all_but_floor(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    if (entry.path().filename() == HeadFloor::kFileName) continue;
    std::filesystem::copy(entry.path(), to / entry.path().filename(),
                          std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  }
}

/// Ten records, of which a copy is made; ten more; and the copy put back in their place.
void restore_older_copy(EngineUnderTest& engine) {
  const TemporaryDirectory copy;
  append(engine.store(), records_between(1, 10));
  engine.store().close();
  copy_all_but_floor(engine.directory(), copy.path());
  engine.reopen();
  append(engine.store(), records_between(11, 20));
  engine.store().close();
  for (const auto& entry : std::filesystem::directory_iterator(engine.directory())) {
    if (entry.path().filename() != HeadFloor::kFileName) std::filesystem::remove_all(entry.path());
  }
  copy_all_but_floor(copy.path(), engine.directory());
}

/// Also while the engine creates and removes files of its own in it.
void delete_directory(const std::filesystem::path& directory) {
  std::error_code busy;
  do std::filesystem::remove_all(directory, busy);
  while (std::filesystem::exists(directory));
}

}  // namespace

TEST_CASE("a directory that does not exist is said so and not made") {
  on_every_engine([](EngineUnderTest& engine) {
    if (!engine.persists()) return;
    const auto missing = engine.directory() / "missing";
    const auto refused = open_store(engine.name(), {.directory = missing, .epoch_if_new = kEpoch});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::io);
    CHECK(refused.error().context.find(missing.string()) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(missing));
  });
}

TEST_CASE("a log that lacks acknowledged records is not served, and stays as it is") {
  on_every_engine([](EngineUnderTest& engine) {
    if (!engine.persists()) return;
    restore_older_copy(engine);
    for (int attempt = 0; attempt < 2; ++attempt) {
      const auto refused = engine.open_with({.epoch_if_new = kNewEpoch});
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == ErrorCode::corrupt);
      INFO(refused.error().context);
      CHECK(refused.error().context.find("ends at offset 10 but 20 was acknowledged: 10 records are missing") !=
            std::string::npos);
    }
  });
}

TEST_CASE("once the loss is accepted the log is another one, and the lost offsets are not given again") {
  on_every_engine([](EngineUnderTest& engine) {
    if (!engine.persists()) return;
    restore_older_copy(engine);
    {
      const auto repaired = engine.open_with({.epoch_if_new = kNewEpoch, .accept_loss = true});
      REQUIRE(repaired);
      CHECK((*repaired)->state().epoch == kNewEpoch);
      CHECK((*repaired)->state().head == Offset(20));
      CHECK(scan(**repaired, 0, Offset::kMax) == records_between(1, 10));
    }
    const auto again = engine.open_with({.epoch_if_new = Epoch(7)});
    REQUIRE(again);
    CHECK((*again)->state().epoch == kNewEpoch);
    CHECK((*again)->state().head == Offset(20));
    append(**again, {record_at(21)});
  });
}

TEST_CASE("accepting a loss changes nothing about a log that lost nothing") {
  on_every_engine([](EngineUnderTest& engine) {
    if (!engine.persists()) return;
    append(engine.store(), records_between(1, 10));
    engine->close();
    const auto opened = engine.open_with({.epoch_if_new = kNewEpoch, .accept_loss = true});
    REQUIRE(opened);
    CHECK((*opened)->state().epoch == kEpoch);
    CHECK((*opened)->state().head == Offset(10));
  });
}

TEST_CASE("below the free space asked for, appends are refused, reads are not, and nothing is left behind") {
  on_every_engine([](EngineUnderTest& engine) {
    if (!engine.persists()) return;
    append(engine.store(), records_between(1, 3));
    engine->close();
    {
      const auto store = engine.open_with({.free_bytes_min = std::numeric_limits<std::uint64_t>::max()});
      REQUIRE(store);
      const auto refused = (*store)->append(views({record_at(4)}), {});
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == ErrorCode::out_of_space);
      const auto asked = (*store)->append({}, {});
      REQUIRE_FALSE(asked);
      CHECK(asked.error().code == ErrorCode::out_of_space);
      CHECK(scan(**store, 0, 10).size() == 3);
    }
    const auto store = engine.open_with({});
    REQUIRE(store);
    append(**store, {record_at(4)});
    CHECK(scan(**store, 0, 10).size() == 4);
  });
}

TEST_CASE("nothing is acknowledged into a data directory that was deleted, also when there is a new one in its place") {
  on_every_engine([](EngineUnderTest& engine) {
    if (!engine.persists()) return;
    append(engine.store(), records_between(1, 3));
    delete_directory(engine.directory());
    for (int attempt = 0; attempt < 2; ++attempt) {
      for (const auto& batch : {std::vector<Record>{}, std::vector{record_at(4)}}) {
        const auto refused = engine->append(views(batch), {});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::io);
        INFO(refused.error().context);
        CHECK(refused.error().context.find("was deleted or moved") != std::string::npos);
      }
      CHECK(engine->state().head == Offset(3));
      std::filesystem::create_directories(engine.directory() / "rocksdb");
    }
  });
}

TEST_CASE("nothing is acknowledged into a log of which a file was deleted") {
  for (const std::string_view name : {"tidemark.sqlite3", "tidemark.sqlite3-wal", "rocksdb/CURRENT"}) {
    on_every_engine([&](EngineUnderTest& engine) {
      if (!engine.persists() || name.starts_with("rocksdb") != (engine->engine() == "rocksdb")) return;
      CAPTURE(name);
      append(engine.store(), records_between(1, 3));
      REQUIRE(engine->append({}, {}));
      REQUIRE(std::filesystem::remove(engine.directory() / name));
      for (const auto& batch : {std::vector{record_at(4)}, std::vector<Record>{}}) {
        const auto refused = engine->append(views(batch), {});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::io);
        CHECK(refused.error().context.find(std::string(name) + " was deleted or moved") != std::string::npos);
      }
    });
  }
}

TEST_CASE("a log that is not there any more is missed, by who serves and by who looks") {
  on_every_engine([](EngineUnderTest& engine) {
    if (!engine.persists()) return;
    append(engine.store(), records_between(1, 20));
    engine->close();
    for (const auto& entry : std::filesystem::directory_iterator(engine.directory())) {
      if (entry.path().filename() != HeadFloor::kFileName) std::filesystem::remove_all(entry.path());
    }
    for (const bool read_only : {false, true}) {
      CAPTURE(read_only);
      const auto refused = engine.open_with({.epoch_if_new = kNewEpoch, .read_only = read_only});
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == ErrorCode::corrupt);
      INFO(refused.error().context);
      CHECK(refused.error().context.find("everything up to offset 20 was acknowledged") != std::string::npos);
    }
  });
}

TEST_CASE("a directory that was deleted and made again is noticed at the first append after it") {
  on_every_engine([](EngineUnderTest& engine) {
    if (!engine.persists()) return;
    delete_directory(engine.directory());
    std::filesystem::create_directories(engine.directory() / "rocksdb");
    const auto refused = engine->append(views({record_at(1)}), {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::io);
  });
}

}  // namespace tidemark::contract
