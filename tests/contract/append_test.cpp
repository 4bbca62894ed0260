// What append promises: all or nothing, durable, in order, byte for byte.
#include <atomic>
#include <thread>

#include "src/base/attachments.h"
#include "tests/contract/engine_under_test.h"

namespace tidemark::contract {

TEST_CASE("a new log is empty and has the epoch it was given") {
  on_every_engine([](EngineUnderTest& engine) {
    CHECK(engine->engine() == engine.name());
    CHECK(engine->state().epoch == kEpoch);
    CHECK(engine->state().first == Offset(1));
    CHECK(engine->state().head == Offset(0));
    CHECK(scan(engine.store(), 0, Offset::kMax).empty());
    CHECK(engine->verify());
  });
}

TEST_CASE("what was appended is there, also after opening again") {
  on_every_engine([](EngineUnderTest& engine) {
    const auto records = records_between(1, 10);
    append(engine.store(), {records.begin(), records.begin() + 4});
    append(engine.store(), {records.begin() + 4, records.end()});
    for (int round = 0; round < 2; ++round) {
      CHECK(scan(engine.store(), 1, 10) == records);
      CHECK(engine->state().epoch == kEpoch);
      CHECK(engine->state().first == Offset(1));
      CHECK(engine->state().head == Offset(10));
      CHECK(engine->stats().records == 10);
      CHECK(engine->verify());
      engine.reopen();
    }
  });
}

TEST_CASE("the epoch stays that of the first opening") {
  on_every_engine([](EngineUnderTest& engine) {
    if (!engine.persists()) return;
    engine->close();
    const auto again = open_store(engine.name(), {.directory = engine.directory(), .epoch_if_new = Epoch(5)});
    REQUIRE(again);
    CHECK((*again)->state().epoch == kEpoch);
  });
}

TEST_CASE("offsets may have gaps but never go back") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), {record_at(5), record_at(9)});
    CHECK(engine->state().first == Offset(5));
    CHECK(engine->state().head == Offset(9));
    for (const auto& wrong : {std::vector{record_at(9)}, std::vector{record_at(3)},
                              std::vector{record_at(10), record_at(10)}, std::vector{record_at(12), record_at(11)}}) {
      const auto refused = engine->append(views(wrong), {});
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == ErrorCode::invalid_argument);
    }
    CHECK(offsets_of(scan(engine.store(), 0, Offset::kMax)) == std::vector<std::uint64_t>{5, 9});
    append(engine.store(), {record_at(10)});
    CHECK(engine->state().head == Offset(10));
  });
}

TEST_CASE("an append of nothing is answered and stores nothing") {
  on_every_engine([](EngineUnderTest& engine) {
    CHECK(engine->append({}, {}));
    CHECK(engine->state().head == Offset(0));
    append(engine.store(), records_between(1, 3));
    CHECK(engine->append({}, {}));
    engine.reopen();
    CHECK(engine->state().head == Offset(3));
    CHECK(scan(engine.store(), 0, Offset::kMax) == records_between(1, 3));
    engine->close();
    const auto refused = engine->append({}, {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::closed);
  });
}

TEST_CASE("every byte is kept: unicode, escapes, line separators, invalid UTF-8, empty fields") {
  on_every_engine([](EngineUnderTest& engine) {
    auto odd = record_at(1, "/chat/größe 潮");
    odd.event = "événement \xF0\x9F\x8C\x8A";
    odd.sender = "";
    odd.client_key = "";
    odd.payload =
        "{\"z\":1,\"a\":1.0000000000000000000001,\"n\":\"\\u0000\",\"l\":\"\xE2\x80\xA8\",\"e\":\"\xF0\x9F\x8C\x8A\"}";
    auto invalid = record_at(2);
    invalid.payload = "\"\xff\xfe\xc0\x80\"";
    invalid.sender = "\x80";
    append(engine.store(), {odd, invalid});
    engine.reopen();
    CHECK(scan(engine.store(), 1, 2) == std::vector{odd, invalid});
  });
}

TEST_CASE("payloads of a megabyte and attachments come back unchanged") {
  on_every_engine([](EngineUnderTest& engine) {
    auto large = record_at(1);
    large.payload = "\"" + std::string(1'000'000, 'x') + "\"";
    auto binary = record_at(2);
    binary.payload = R"({"_placeholder":true,"num":0})";
    append_attachment(binary.attachments, std::string("\0\x01\xff\0", 4));
    append_attachment(binary.attachments, "");
    append_attachment(binary.attachments, std::string(300'000, '\0'));
    append(engine.store(), {large, binary, record_at(3)});
    engine.reopen();
    CHECK(scan(engine.store(), 1, 3) == std::vector{large, binary, record_at(3)});
    CHECK(read(engine.store(), {2}) == std::vector{binary});
    CHECK(engine->verify());
  });
}

TEST_CASE("a reader sees all of a batch or nothing of it") {
  constexpr std::uint64_t kBatch = 50;
  constexpr std::uint64_t kBatches = 100;
  on_every_engine([](EngineUnderTest& engine) {
    std::atomic<bool> done = false;
    std::thread writer([&] {
      for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
        append(engine.store(), records_between(batch * kBatch + 1, (batch + 1) * kBatch));
      }
      done = true;
    });
    std::uint64_t seen_before = 0;
    std::uint64_t torn = 0;
    std::uint64_t went_back = 0;
    std::uint64_t behind_head = 0;
    for (bool last_look = false; !last_look;) {
      last_look = done;
      const auto head = engine->state().head.value();
      const auto seen = scan(engine.store(), 1, Offset::kMax).size();
      if (seen % kBatch != 0) ++torn;
      if (seen < seen_before) ++went_back;
      if (seen < head) ++behind_head;
      seen_before = seen;
    }
    writer.join();
    CHECK(torn == 0);
    CHECK(went_back == 0);
    CHECK(behind_head == 0);
    CHECK(seen_before == kBatch * kBatches);
  });
}

TEST_CASE("a closed store answers `closed` and nothing else") {
  on_every_engine([](EngineUnderTest& engine) {
    append(engine.store(), records_between(1, 3));
    engine->close();
    engine->close();
    const auto code = [](const Result<void>& result) {
      REQUIRE_FALSE(result);
      return result.error().code;
    };
    const auto ignore = [](const RecordView&) { return true; };
    const auto ignore_segment = [](std::uint64_t, std::string_view) { return true; };
    const Offset one(1);
    CHECK(code(engine->append(views({record_at(4)}), {})) == ErrorCode::closed);
    CHECK(code(engine->scan(one, one, Direction::forward, kAll, ignore)) == ErrorCode::closed);
    CHECK(code(engine->read({&one, 1}, ignore)) == ErrorCode::closed);
    CHECK(code(engine->channel_segments("/", 0, ignore_segment)) == ErrorCode::closed);
    CHECK(code(engine->key_segments(0, ignore_segment)) == ErrorCode::closed);
    CHECK(code(engine->trim(one, {})) == ErrorCode::closed);
    CHECK(code(engine->verify()) == ErrorCode::closed);
    CHECK(engine->state().head == Offset(3));
  });
}

TEST_CASE("an engine nobody knows is refused with the names of those there are") {
  const auto refused = open_store("postgres", {.directory = "/", .epoch_if_new = kEpoch});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid_argument);
  for (const auto name : store_engines()) CHECK(refused.error().context.find(name) != std::string::npos);
}

}  // namespace tidemark::contract
