// The recovery decision, row by row as docs and design have it.
#include <doctest/doctest.h>

#include "src/base/position.h"
#include "src/hub/recovery.h"

namespace tidemark {
namespace {

constexpr Epoch kEpoch(0x1111);
constexpr Epoch kOther(0x2222);
constexpr LogBounds kLog{.epoch = kEpoch, .head = Offset(100)};
/// The channel lost its record 60; that the log begins later does not matter.
constexpr LogBounds kTrimmed{.epoch = kEpoch, .lost = Offset(60), .head = Offset(100)};

std::string position(std::uint64_t offset, Epoch epoch = kEpoch) {
  return Position{.epoch = epoch, .offset = Offset(offset)}.text();
}

TEST_CASE("a restored session with a position of this log gets everything after the position") {
  const auto decision = decide({.session_restored = true, .session_started = Offset(5), .offset = position(40)}, kLog);
  CHECK(decision.recovered);
  CHECK(decision.after == Offset(40));
}

TEST_CASE("a restored session that had received nothing gets everything since it started") {
  const auto decision = decide({.session_restored = true, .session_started = Offset(5)}, kLog);
  CHECK(decision.recovered);
  CHECK(decision.after == Offset(5));
}

TEST_CASE("a restored session ignores the server offset of its auth: its position is newer") {
  const auto decision = decide(
      {.session_restored = true, .session_started = Offset(5), .offset = position(40), .server_offset = 10}, kLog);
  CHECK(decision.after == Offset(40));
}

TEST_CASE("without a session the later one of position and server offset counts") {
  CHECK(decide({.offset = position(40)}, kLog).after == Offset(40));
  CHECK(decide({.offset = position(40), .server_offset = 10}, kLog).after == Offset(40));
  CHECK(decide({.offset = position(40), .server_offset = 50}, kLog).after == Offset(50));
  CHECK_FALSE(decide({.offset = position(40)}, kLog).recovered);
}

TEST_CASE("a position that cannot be read, of another log or ahead of it leaves the decision to the server offset") {
  for (const std::string& offset : {std::string("nonsense"), position(40, kOther), position(101)}) {
    CAPTURE(offset);
    for (const bool restored : {false, true}) {
      const auto with = decide({.session_restored = restored, .offset = offset, .server_offset = 30}, kLog);
      CHECK_FALSE(with.recovered);
      CHECK(with.after == Offset(30));
      const auto without = decide({.session_restored = restored, .offset = offset}, kLog);
      CHECK_FALSE(without.recovered);
      CHECK(without.after == Offset(0));
      CHECK_FALSE(without.newest);
    }
  }
}

TEST_CASE("a session is not recovered across what a repair left out; the gap itself comes among the records") {
  constexpr LogBounds kRepaired{.epoch = kEpoch, .hole = Offset(60), .head = Offset(100)};
  const auto before = decide({.session_restored = true, .offset = position(59)}, kRepaired);
  CHECK_FALSE(before.recovered);
  CHECK(before.after == Offset(59));
  CHECK(before.gap_to == Offset());
  CHECK(before.reason == "records lost to damage");
  CHECK(decide({.session_restored = true, .offset = position(60)}, kRepaired).recovered);
}

TEST_CASE("a client that has nothing gets everything, or the newest N where history is limited") {
  CHECK(decide({}, kLog).after == Offset(0));
  CHECK_FALSE(decide({}, kLog).newest);
  CHECK(decide({.history = 20}, kLog).newest == 20);
  CHECK(decide({.history = 20}, kLog).after == kLog.head);  // those up to here, and everything after it
  CHECK_FALSE(decide({.server_offset = 7, .history = 20}, kLog).newest);
}

TEST_CASE("position 0 is a place in the log: one who was live in it while it was empty is owed all that came since") {
  const auto decision = decide({.offset = position(0), .history = 20}, kLog);
  CHECK(decision.after == Offset(0));
  CHECK_FALSE(decision.newest);
}

TEST_CASE("a server offset beyond the head belongs to another log: everything") {
  CHECK(decide({.server_offset = 101}, kLog).after == Offset(0));
  CHECK(decide({.server_offset = 100}, kLog).after == Offset(100));
}

TEST_CASE(
    "records of the channel trimmed in between are a gap, what is left follows, and the session is not recovered") {
  for (const bool restored : {false, true}) {
    const auto decision = decide(
        {.session_restored = restored, .session_started = Offset(5), .offset = position(40), .server_offset = 10},
        kTrimmed);
    CHECK_FALSE(decision.recovered);
    CHECK(decision.gap_from == Offset(41));
    CHECK(decision.gap_to == Offset(60));
    CHECK(decision.after == Offset(60));
    CHECK(decision.reason == "records trimmed");
  }
  CHECK(decide({.server_offset = 59}, kTrimmed).gap_from == Offset(60));
  CHECK(decide({.server_offset = 59}, kTrimmed).gap_to == Offset(60));
}

TEST_CASE("a client whose channel lost nothing after its position is recovered without a gap, however old that is") {
  const auto decision =
      decide({.session_restored = true, .session_started = Offset(5), .offset = position(60)}, kTrimmed);
  CHECK(decision.recovered);
  CHECK(decision.after == Offset(60));
  CHECK(decision.gap_to == Offset(0));
  CHECK(decide({.server_offset = 60}, kTrimmed).gap_to == Offset(0));
}

TEST_CASE("a session that had received nothing misses what its channel lost after it started, and only that") {
  const auto missed = decide({.session_restored = true, .session_started = Offset(59)}, kTrimmed);
  CHECK_FALSE(missed.recovered);
  CHECK(missed.gap_from == Offset(60));
  const auto complete = decide({.session_restored = true, .session_started = Offset(60)}, kTrimmed);
  CHECK(complete.recovered);
  CHECK(complete.gap_to == Offset(0));
}

TEST_CASE("a client that never had a place in the log misses nothing: it begins with what is left") {
  for (const Claims& claims : {Claims{}, Claims{.server_offset = 101}, Claims{.offset = position(3, kOther)}}) {
    const auto decision = decide(claims, kTrimmed);
    CHECK(decision.gap_to == Offset(0));
    CHECK(decision.after == Offset(60));
  }
  CHECK(decide({.history = 20}, kTrimmed).gap_to == Offset(0));
  CHECK(decide({.history = 20}, kTrimmed).after == Offset(100));
}

TEST_CASE("what is trimmed in the store but held in memory is not lost") {
  const auto from = [](std::uint64_t held) {
    return LogBounds{.epoch = kEpoch, .lost = Offset(60), .held = Offset(held), .head = Offset(100)};
  };
  const auto all = decide({.session_restored = true, .offset = position(40)}, from(41));
  CHECK(all.recovered);
  CHECK(all.after == Offset(40));
  CHECK(all.gap_to == Offset(0));
  const auto part = decide({.session_restored = true, .offset = position(40)}, from(51));
  CHECK_FALSE(part.recovered);
  CHECK(part.gap_from == Offset(41));
  CHECK(part.gap_to == Offset(50));
  CHECK(part.after == Offset(50));
}

TEST_CASE("a session that began with the newest N and lost records since gets what is left, not the newest N again") {
  const auto decision = decide({.session_restored = true, .session_started = Offset(59), .history = 20}, kTrimmed);
  CHECK_FALSE(decision.recovered);
  CHECK_FALSE(decision.newest);
  CHECK(decision.gap_from == Offset(60));
  CHECK(decision.after == Offset(60));
}

TEST_CASE("a session that began with the newest N and received nothing gets those again, and everything since") {
  const auto decision = decide({.session_restored = true, .session_started = Offset(60), .history = 20}, kLog);
  CHECK(decision.recovered);
  CHECK(decision.newest == 20);
  CHECK(decision.after == Offset(60));
}

TEST_CASE(
    "a session that began at its server offset and received nothing gets everything since, whatever the history") {
  const auto decision =
      decide({.session_restored = true, .session_started = Offset(60), .server_offset = 60, .history = 20}, kLog);
  CHECK(decision.after == Offset(60));
  CHECK_FALSE(decision.newest);
}

}  // namespace
}  // namespace tidemark
