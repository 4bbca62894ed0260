// The recovery decision, row by row as docs and design have it.
#include <doctest/doctest.h>

#include "src/base/position.h"
#include "src/hub/recovery.h"

namespace tidemark {
namespace {

constexpr Epoch kEpoch(0x1111);
constexpr Epoch kOther(0x2222);
constexpr LogBounds kLog{.epoch = kEpoch, .first = Offset(1), .head = Offset(100)};

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

TEST_CASE("records trimmed in between are a gap, and the session is not recovered") {
  const LogBounds trimmed{.epoch = kEpoch, .first = Offset(61), .head = Offset(100)};
  const auto restored =
      decide({.session_restored = true, .session_started = Offset(5), .offset = position(40)}, trimmed);
  CHECK_FALSE(restored.recovered);
  CHECK(restored.after == Offset(40));
  CHECK(restored.gap_from == Offset(41));
  CHECK(restored.gap_to == Offset(60));
  CHECK(decide({.offset = position(60)}, trimmed).gap_to == Offset(0));
  CHECK(decide({}, trimmed).gap_to == Offset(0));  // it never had a place in the log: nothing it knew of is missing
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
