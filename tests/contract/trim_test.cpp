// What index segments and trim promise.
#include <algorithm>
#include <array>

#include "tests/contract/engine_under_test.h"

namespace tidemark::contract {
namespace {

using Numbers = std::vector<std::uint64_t>;
constexpr std::uint64_t kSegment = limits::kSegmentRecords;

/// One record at the start of each of the segments 0 to 3, and the segments 0 to 2.
void fill_segments(LogStore& store) {
  for (std::uint64_t number = 0; number < 4; ++number) {
    std::vector<IndexSegment> finished;
    if (number > 0) {
      finished.push_back(segment_with(number - 1, number == 2 ? "/even" : "/odd", {(number - 1) * kSegment + 1}));
    }
    append(store, {record_at(number * kSegment + 1)}, finished);
  }
}

void trim(LogStore& store, std::uint64_t before) {
  const auto done = store.trim(Offset(before), {});
  if (!done) FAIL(done.error().context);
}

}  // namespace

TEST_CASE("index segments are kept with the records and found by channel, in order") {
  on_every_engine([](EngineUnderTest& engine) {
    fill_segments(engine.store());
    for (int round = 0; round < 2; ++round) {
      CHECK(channel_segments(engine.store(), "/odd", 0) == Numbers{0, 2});
      CHECK(channel_segments(engine.store(), "/odd", 1) == Numbers{2});
      CHECK(channel_segments(engine.store(), "/even", 0) == Numbers{1});
      CHECK(channel_segments(engine.store(), "/none", 0).empty());
      CHECK(channel_segments(engine.store(), "/odd", 3).empty());
      CHECK(key_segments(engine.store(), 0) == Numbers{0, 1, 2});
      CHECK(key_segments(engine.store(), 2) == Numbers{2});
      engine.reopen();
    }
    CHECK(engine->verify());
  });
}

TEST_CASE("the channels of finished segments are known by their names when a store is opened again") {
  on_every_engine([](EngineUnderTest& engine) {
    fill_segments(engine.store());
    engine.reopen();
    if (engine->engine() == "memory") return;  // it is empty whenever it opens
    std::vector<std::string> names;
    CHECK(engine->channel_names([&](std::string_view name) { names.emplace_back(name); }));
    const auto known = [&](std::string_view name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    CHECK(known("/odd"));
    CHECK(known("/even"));
    CHECK_FALSE(known("/none"));
  });
}

TEST_CASE("a visit of segments ends when the visitor says so, and gets the bytes that were stored") {
  on_every_engine([](EngineUnderTest& engine) {
    fill_segments(engine.store());
    const auto expected = segment_with(0, "/odd", {1});
    int visits = 0;
    CHECK(engine->channel_segments("/odd", 0, [&](std::uint64_t, std::string_view offsets) {
      ++visits;
      CHECK(offsets == expected.channels.front().offsets);
      return false;
    }));
    CHECK(engine->key_segments(0, [&](std::uint64_t, std::string_view hashes) {
      ++visits;
      CHECK(hashes == expected.key_hashes);
      return false;
    }));
    CHECK(visits == 2);
  });
}

TEST_CASE("segments can be added without a record") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), records_between(1, 3));
    append(engine.store(), {}, {segment_with(0, "/", {1, 2, 3})});
    engine.reopen();
    CHECK(key_segments(engine.store(), 0) == Numbers{0});
    CHECK(engine->state().head == Offset(3));
  });
}

TEST_CASE("what was trimmed is gone, what was not stays, also after opening again") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), records_between(1, 10));
    trim(engine.store(), 4);
    for (int round = 0; round < 2; ++round) {
      CHECK(engine->state().first == Offset(4));
      CHECK(engine->state().head == Offset(10));
      CHECK(scan(engine.store(), 0, 20) == records_between(4, 10));
      CHECK(read(engine.store(), {3, 4}) == std::vector{record_at(4)});
      CHECK(engine->stats().records == 7);
      engine.reopen();
    }
    trim(engine.store(), 2);  // nothing more than it was
    CHECK(engine->state().first == Offset(4));
    CHECK(engine->verify());
  });
}

TEST_CASE("more records than one slice are trimmed in one call") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), records_between(1, 3 * limits::kTrimSliceRecords));
    trim(engine.store(), 2 * limits::kTrimSliceRecords + 7);
    CHECK(scan(engine.store(), 0, Offset::kMax).size() == limits::kTrimSliceRecords - 6);
    CHECK(engine->state().first == Offset(2 * limits::kTrimSliceRecords + 7));
  });
}

TEST_CASE("first is the oldest record kept, not the offset trimmed at") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), {record_at(5), record_at(9), record_at(30)});
    trim(engine.store(), 10);
    CHECK(engine->state().first == Offset(30));
    engine.reopen();
    CHECK(engine->state().first == Offset(30));
  });
}

TEST_CASE("offsets are not used again after trimming everything and opening again") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), records_between(1, 10));
    trim(engine.store(), 11);
    for (int round = 0; round < 2; ++round) {
      CHECK(engine->state().first == Offset(11));
      CHECK(engine->state().head == Offset(10));
      CHECK(scan(engine.store(), 0, Offset::kMax).empty());
      CHECK_FALSE(engine->append(views({record_at(10)}), {}));
      engine.reopen();
    }
    append(engine.store(), {record_at(11)});
    CHECK(engine->state().first == Offset(11));
    CHECK(engine->state().head == Offset(11));
    engine.reopen();
    CHECK(engine->state().head == Offset(11));
  });
}

TEST_CASE("what a channel lost is known from the trim on, the newest loss counts, also after opening again") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), {record_at(1, "/a"), record_at(2, "/b"), record_at(3, "/a"), record_at(4, "/b")});
    CHECK(losses_of(engine.store()).empty());
    REQUIRE(engine->trim(Offset(3), std::array{ChannelLoss{"/a", Offset(1)}, ChannelLoss{"/b", Offset(2)}}));
    REQUIRE(engine->trim(Offset(4), std::array{ChannelLoss{"/a", Offset(3)}}));
    // An older one, whenever it is noted, and twice in one call.
    REQUIRE(engine->trim(Offset(4), std::array{ChannelLoss{"/a", Offset(2)}, ChannelLoss{"/b", Offset(1)}}));
    REQUIRE(engine->trim(Offset(4), std::array{ChannelLoss{"/a", Offset(3)}, ChannelLoss{"/a", Offset(1)}}));
    for (int round = 0; round < 2; ++round) {
      CHECK(losses_of(engine.store()) == Losses{{"/a", 3}, {"/b", 2}});
      engine.reopen();
    }
    int visits = 0;
    CHECK(engine->losses([&](const ChannelLoss&) {
      ++visits;
      return false;
    }));
    CHECK(visits == 1);
  });
}

TEST_CASE("a loss may be noted without a channel") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), {record_at(1, "/a"), record_at(2, "/b")});
    REQUIRE(engine->trim(Offset(2), std::array{ChannelLoss{"", Offset(1)}, ChannelLoss{"/a", Offset(1)}}));
    for (int round = 0; round < 2; ++round) {
      CHECK(losses_of(engine.store()) == Losses{{"", 1}, {"/a", 1}});
      engine.reopen();
    }
    CHECK(scan(engine.store(), 0, 10) == std::vector{record_at(2, "/b")});
  });
}

TEST_CASE("what the kept records take grows with them and shrinks when most are trimmed") {
  on_every_engine([](EngineUnderTest& engine) {
    const auto empty = engine->stats().bytes_in_use;
    append(engine.store(), records_between(1, 20'000));
    const auto full = engine->stats().bytes_in_use;
    CHECK(full > empty + 200'000);
    trim(engine.store(), 18'001);
    CHECK(engine->stats().bytes_in_use < empty + (full - empty) / 2);
  });
}

TEST_CASE("a trim beyond the next offset is refused") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), records_between(1, 3));
    const auto refused = engine->trim(Offset(5), {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid_argument);
    CHECK(scan(engine.store(), 0, 10).size() == 3);
  });
}

TEST_CASE("trimming removes the segments that end below and keeps the one it cuts") {
  on_every_engine([](EngineUnderTest& engine) {
    fill_segments(engine.store());
    trim(engine.store(), kSegment);  // the last offset of segment 0
    CHECK(key_segments(engine.store(), 0) == Numbers{0, 1, 2});
    trim(engine.store(), kSegment + 1);
    CHECK(key_segments(engine.store(), 0) == Numbers{1, 2});
    trim(engine.store(), 2 * kSegment + 2);
    for (int round = 0; round < 2; ++round) {
      CHECK(key_segments(engine.store(), 0) == Numbers{2});
      CHECK(channel_segments(engine.store(), "/odd", 0) == Numbers{2});
      CHECK(channel_segments(engine.store(), "/even", 0).empty());
      engine.reopen();
    }
  });
}

}  // namespace tidemark::contract
