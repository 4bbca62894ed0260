// What the generator says about a server is worth as much as its own bookkeeping.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <string>

#include "bench/load/frames.h"
#include "bench/load/latency.h"
#include "bench/load/ledger.h"
#include "bench/load/message.h"

using namespace tidemark::load;

TEST_CASE("a subscriber that got everything once and in order has nothing to complain about") {
  Ledger ledger(1, 2);
  CHECK(ledger.record(0, 0, 0, 1));
  CHECK(ledger.record(0, 1, 0, 2));
  CHECK(ledger.record(0, 0, 1, 3));
  CHECK(ledger.lost({2, 1}) == 0);
  CHECK(ledger.received() == 3);
  CHECK(ledger.repeated() + ledger.out_of_order() + ledger.offset_breaks() == 0);
}

TEST_CASE("a number that never came is lost, in the middle as well as at the end") {
  Ledger ledger(2, 1);
  ledger.record(0, 0, 0, 1);
  ledger.record(0, 0, 2, 3);
  CHECK(ledger.lost({4}) == 2 + 4);  // the other subscriber got nothing at all
}

TEST_CASE("a number that comes late is out of order and not lost") {
  Ledger ledger(1, 1);
  ledger.record(0, 0, 1, 1);
  CHECK(ledger.record(0, 0, 0, 2));
  CHECK(ledger.lost({2}) == 0);
  CHECK(ledger.out_of_order() == 1);
  CHECK(ledger.repeated() == 0);
}

TEST_CASE("a number that comes again is repeated, also if it came late the first time") {
  Ledger ledger(1, 1);
  ledger.record(0, 0, 1, 1);
  ledger.record(0, 0, 0, 2);
  CHECK_FALSE(ledger.record(0, 0, 0, 3));
  CHECK_FALSE(ledger.record(0, 0, 1, 4));
  CHECK(ledger.repeated() == 2);
  CHECK(ledger.received() == 2);
}

TEST_CASE("offsets that do not grow are noticed per subscriber; servers without offsets are let off") {
  Ledger ledger(2, 1);
  ledger.record(0, 0, 0, 7);
  ledger.record(1, 0, 0, 5);
  CHECK(ledger.offset_breaks() == 0);
  ledger.record(0, 0, 1, 7);
  ledger.record(1, 0, 1, 4);
  CHECK(ledger.offset_breaks() == 2);
  ledger.record(1, 0, 2, 0);
  CHECK(ledger.offset_breaks() == 2);
}

TEST_CASE("a message is recognised in what the server broadcasts") {
  std::string text;
  append_text(text, 100, 31, 4'000'000'000u, 123'456'789'012'345u);
  REQUIRE(text.size() == 100);

  const auto with_all = parse_delivery(text + R"(",17,"3f9c2a7be01d4c58.17"])", 100);
  REQUIRE(with_all);
  CHECK(with_all->publisher == 31);
  CHECK(with_all->sequence == 4'000'000'000u);
  CHECK(with_all->sent_time() == 123'456'789'012'345u);
  CHECK(with_all->offset == 17);
  CHECK(with_all->position == "3f9c2a7be01d4c58.17");

  const auto with_position = parse_delivery(text + R"(","xyz"])", 100);
  REQUIRE(with_position);
  CHECK(with_position->offset == 0);
  CHECK(with_position->position == "xyz");

  const auto with_nothing = parse_delivery(text + R"("])", 100);
  REQUIRE(with_nothing);
  CHECK(with_nothing->position.empty());

  CHECK_FALSE(parse_delivery("hello\"]", 100));
}

TEST_CASE("frames are read back at every length form, and only when they are whole") {
  for (const std::size_t length : {0u, 125u, 126u, 65'535u, 65'536u}) {
    const std::string payload(length, 'x');
    std::string bytes;
    append_server_frame(bytes, payload);
    const std::string followed = bytes + "next";
    const Frame frame = front_frame(followed);
    CHECK(frame.opcode == kOpcodeText);
    CHECK(frame.payload == payload);
    CHECK(frame.bytes == bytes.size());
    CHECK(front_frame(std::string_view(bytes).substr(0, bytes.size() - 1)).bytes == 0);
  }
}

TEST_CASE("a latency is reported within four percent") {
  Latency latency;
  for (std::uint64_t us = 1; us <= 1000; ++us) latency.add(us * 1000);
  CHECK(latency.microseconds(0.5) == doctest::Approx(500).epsilon(0.04));
  CHECK(latency.microseconds(0.99) == doctest::Approx(990).epsilon(0.04));
  latency.clear();
  CHECK(latency.microseconds(0.99) == 0);
}
