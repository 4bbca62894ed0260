// What scan and read promise: order, page limits, ranges, one view.
#include <algorithm>
#include <chrono>
#include <future>

#include "tests/contract/engine_under_test.h"

namespace tidemark::contract {
namespace {

using Offsets = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a scan delivers the range in order, forward and backward") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), {record_at(2), record_at(3), record_at(7), record_at(8), record_at(20)});
    const auto& store = engine.store();
    CHECK(offsets_of(scan(store, 0, Offset::kMax)) == Offsets{2, 3, 7, 8, 20});
    CHECK(offsets_of(scan(store, 3, 8)) == Offsets{3, 7, 8});
    CHECK(offsets_of(scan(store, 4, 19)) == Offsets{7, 8});
    CHECK(offsets_of(scan(store, 3, 8, Direction::backward)) == Offsets{8, 7, 3});
    CHECK(offsets_of(scan(store, 0, Offset::kMax, Direction::backward)) == Offsets{20, 8, 7, 3, 2});
  });
}

TEST_CASE("an empty range is no error") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), {record_at(5), record_at(9)});
    for (const auto direction : {Direction::forward, Direction::backward}) {
      CHECK(scan(engine.store(), 6, 8, direction).empty());
      CHECK(scan(engine.store(), 9, 5, direction).empty());
      CHECK(scan(engine.store(), 10, 1000, direction).empty());
      CHECK(scan(engine.store(), 0, 4, direction).empty());
      CHECK(scan(engine.store(), 0, 0, direction).empty());
    }
  });
}

TEST_CASE("a page ends at its number of records") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), records_between(1, 10));
    CHECK(offsets_of(scan(engine.store(), 3, 10, Direction::forward, {4, 1'000'000})) == Offsets{3, 4, 5, 6});
    CHECK(offsets_of(scan(engine.store(), 1, 8, Direction::backward, {3, 1'000'000})) == Offsets{8, 7, 6});
    CHECK(offsets_of(scan(engine.store(), 9, 10, Direction::forward, {4, 1'000'000})) == Offsets{9, 10});
  });
}

TEST_CASE("a page ends before the record that would exceed its bytes, but has at least one record") {
  on_every_engine([](EngineUnderTest& engine) {
    const auto records = records_between(11, 20);  // of equal length, but for the event and the key
    append(engine.store(), records);
    const auto bytes_of = [&](std::size_t count) {
      std::size_t bytes = 0;
      for (std::size_t i = 0; i < count; ++i) bytes += records[i].view().bytes();
      return bytes;
    };
    const auto page = [&](std::size_t bytes) {
      return scan(engine.store(), 11, 20, Direction::forward, {100, bytes}).size();
    };
    CHECK(page(bytes_of(3)) == 3);
    CHECK(page(bytes_of(3) - 1) == 2);
    CHECK(page(bytes_of(4) - 1) == 3);
    CHECK(page(1) == 1);
    CHECK(page(0) == 1);
    CHECK(scan(engine.store(), 11, 20, Direction::backward, {0, 0}).size() == 1);
  });
}

TEST_CASE("a scan ends when the visitor says so") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), records_between(1, 10));
    Offsets seen;
    const auto stop_at_4 = [&](const RecordView& record) {
      seen.push_back(record.offset.value());
      return record.offset != Offset(4);
    };
    CHECK(engine->scan(Offset(2), Offset(9), Direction::forward, kAll, stop_at_4));
    CHECK(seen == Offsets{2, 3, 4});
    seen.clear();
    CHECK(engine->scan(Offset(2), Offset(6), Direction::backward, kAll, stop_at_4));
    CHECK(seen == Offsets{6, 5, 4});
  });
}

TEST_CASE("no reader waits for the visitor of another one") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), records_between(1, 10));
    const auto check_readers_of = [](const LogStore& store) {
      auto ended = std::future_status::timeout;
      std::future<Offsets> other;
      const auto scanned = store.scan(Offset(1), Offset(10), Direction::forward, kAll, [&](const RecordView&) {
        other = std::async(std::launch::async, [&] { return offsets_of(scan(store, 4, 6)); });
        ended = other.wait_for(std::chrono::seconds(30));
        return false;
      });
      CHECK(scanned);
      CHECK(ended == std::future_status::ready);
      CHECK(other.get() == Offsets{4, 5, 6});
    };
    check_readers_of(engine.store());
    if (!engine.persists()) return;
    engine->close();
    const auto only_read = engine.open_with({.epoch_if_new = kEpoch, .read_only = true});
    REQUIRE(only_read);
    check_readers_of(**only_read);
  });
}

TEST_CASE("pages put together are the whole log") {
  on_every_engine([](EngineUnderTest& engine) {
    const auto records = records_between(1, 500);
    append(engine.store(), records);
    std::vector<Record> forward;
    while (forward.size() < records.size()) {
      const auto from = forward.empty() ? 1 : forward.back().offset.value() + 1;
      const auto page = scan(engine.store(), from, 500, Direction::forward, {17, 600});
      REQUIRE_FALSE(page.empty());
      forward.insert(forward.end(), page.begin(), page.end());
    }
    CHECK(forward == records);
  });
}

TEST_CASE("read delivers the records asked for, in the order asked for, and leaves out what is not there") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), {record_at(2), record_at(3), record_at(7)});
    CHECK(read(engine.store(), {7, 2}) == std::vector{record_at(7), record_at(2)});
    CHECK(offsets_of(read(engine.store(), {1, 3, 4, 1000, 7, 0})) == Offsets{3, 7});
    CHECK(read(engine.store(), {}).empty());
    Offsets seen;
    const std::vector wanted{Offset(2), Offset(3), Offset(7)};
    CHECK(engine->read(wanted, [&](const RecordView& record) {
      seen.push_back(record.offset.value());
      return seen.size() < 2;
    }));
    CHECK(seen == Offsets{2, 3});
  });
}

}  // namespace tidemark::contract
