// Session ids cannot be forged or used elsewhere; the table keeps a session for its window and no longer.
#include <doctest/doctest.h>

#include <set>
#include <string_view>
#include <vector>

#include "src/hub/session_table.h"
#include "tests/unit/hub/manual_clock.h"

namespace tidemark {
namespace {

constexpr SessionKey kKey{1, 2, 3};
constexpr SessionBinding kBinding{.epoch = Epoch(7), .channel = "/chat", .identity = "ann"};
constexpr Millis kWindow{2000};

TEST_CASE("a pid gives back what was signed") {
  const SessionSigner signer(kKey);
  const SessionId id{.sid = Sid::random(), .started = Offset(123456789), .run = 42};
  CHECK(signer.check(signer.sign(id, kBinding), kBinding) == id);
}

TEST_CASE("a pid is good only for its log, channel, identity and key") {
  const SessionSigner signer(kKey);
  const auto pid = signer.sign({.sid = Sid::random(), .started = Offset(1), .run = 1}, kBinding);
  CHECK_FALSE(signer.check(pid, {.epoch = Epoch(8), .channel = "/chat", .identity = "ann"}));
  CHECK_FALSE(signer.check(pid, {.epoch = Epoch(7), .channel = "/chat2", .identity = "ann"}));
  CHECK_FALSE(signer.check(pid, {.epoch = Epoch(7), .channel = "/chat", .identity = "bob"}));
  CHECK_FALSE(signer.check(pid, {.epoch = Epoch(7), .channel = "/cha", .identity = "tann"}));
  CHECK_FALSE(SessionSigner(SessionKey{9}).check(pid, kBinding));
}

TEST_CASE("no changed, shortened or lengthened pid passes") {
  const SessionSigner signer(kKey);
  const auto pid = signer.sign({.sid = Sid::random(), .started = Offset(1), .run = 1}, kBinding);
  for (std::size_t i = 0; i < pid.size(); ++i) {
    for (const char c : {'A', 'B', '_', '!', '\0'}) {
      if (pid[i] == c) continue;
      auto changed = pid;
      changed[i] = c;
      CAPTURE(i);
      CHECK_FALSE(signer.check(changed, kBinding));
    }
  }
  CHECK_FALSE(signer.check(pid.substr(1), kBinding));
  CHECK_FALSE(signer.check(pid + "A", kBinding));
  CHECK_FALSE(signer.check("", kBinding));
}

TEST_CASE("sids differ") {
  std::set<std::string_view> sids;
  std::vector<Sid> all;
  for (int i = 0; i < 1000; ++i) all.push_back(Sid::random());
  for (const Sid& sid : all) sids.insert(sid.text());
  CHECK(sids.size() == 1000);
}

struct Fixture {
  ManualClock clock;
  SessionTable table{kKey, 1, kWindow, clock};
  SessionTable::Grant grant = table.create(kBinding, Offset(10));
  SessionHolder first{.shard = 0, .subscription = 1};
  SessionHolder second{.shard = 1, .subscription = 2};
};

TEST_CASE_FIXTURE(Fixture, "a session can be had again within the window, with its sid, pid and start") {
  table.hold(grant, first);
  table.leave(grant.sid, first);
  clock.advance(kWindow);
  const auto claim = table.find(grant.pid, kBinding);
  REQUIRE(claim.grant);
  CHECK(claim.grant->sid == grant.sid);
  CHECK(claim.grant->pid == grant.pid);
  CHECK(claim.grant->started == Offset(10));
}

TEST_CASE_FIXTURE(Fixture, "after the window a session is gone, swept or not") {
  table.hold(grant, first);
  table.leave(grant.sid, first);
  clock.advance(kWindow + Millis(1));
  CHECK_FALSE(table.find(grant.pid, kBinding).grant);
  CHECK(table.find(grant.pid, kBinding).refusal == SessionTable::Refusal::expired);
  table.sweep();
  CHECK(table.size() == 0);
  CHECK_FALSE(table.find(grant.pid, kBinding).grant);
}

TEST_CASE_FIXTURE(Fixture, "a live session does not expire and can be taken over; the old holder's end harms nothing") {
  table.hold(grant, first);
  clock.advance(kWindow * 10);
  table.sweep();
  const auto claim = table.find(grant.pid, kBinding);
  REQUIRE(claim.grant);
  CHECK(table.hold(grant, second) == first);
  table.leave(grant.sid, first);
  table.end(grant.sid, first);
  clock.advance(kWindow * 10);
  table.sweep();
  CHECK(table.find(grant.pid, kBinding).grant);
  CHECK(table.hold(grant, first) == second);
}

TEST_CASE_FIXTURE(Fixture, "an old departure does not expire a session that came back and left again") {
  table.hold(grant, first);
  table.leave(grant.sid, first);
  clock.advance(kWindow / 2);
  table.hold(grant, second);
  table.leave(grant.sid, second);
  clock.advance(kWindow / 2 + Millis(1));
  table.sweep();
  CHECK(table.find(grant.pid, kBinding).grant);
}

TEST_CASE_FIXTURE(Fixture, "a session that its client ended is over") {
  table.hold(grant, first);
  table.end(grant.sid, first);
  CHECK_FALSE(table.find(grant.pid, kBinding).grant);
  CHECK(table.size() == 0);
}

TEST_CASE_FIXTURE(Fixture, "sessions that were ended push nobody out who can come back") {
  SessionTable small(kKey, 1, kWindow, clock, 2);
  const auto away = small.create(kBinding, Offset(1));
  small.hold(away, first);
  small.leave(away.sid, first);
  for (int i = 0; i < 10; ++i) {
    const auto other = small.create(kBinding, Offset(1));
    small.hold(other, second);
    small.end(other.sid, second);
  }
  CHECK(small.find(away.pid, kBinding).grant);
  CHECK(small.forgotten() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a session of an earlier run that its client ended is over, too") {
  SessionTable restarted(kKey, 2, kWindow, clock);
  const auto claim = restarted.find(grant.pid, kBinding);
  REQUIRE(claim.grant);
  restarted.hold(*claim.grant, first);
  restarted.end(grant.sid, first);
  CHECK_FALSE(restarted.find(grant.pid, kBinding).grant);
  clock.advance(kWindow + Millis(1));
  restarted.sweep();
  CHECK(restarted.size() == 0);
  CHECK_FALSE(restarted.find(grant.pid, kBinding).grant);
}

TEST_CASE_FIXTURE(Fixture, "one session that comes and goes without end costs one session") {
  for (int i = 0; i < 10'000; ++i) {
    table.hold(grant, first);
    table.leave(grant.sid, first);
  }
  CHECK(table.size() == 1);
  CHECK(table.find(grant.pid, kBinding).grant);
}

TEST_CASE_FIXTURE(Fixture, "above the limit who left first makes room; while all are there, there is none") {
  SessionTable small(kKey, 1, kWindow, clock, 2);
  std::vector<SessionTable::Grant> grants;
  for (int i = 0; i < 4; ++i) grants.push_back(small.create(kBinding, Offset(1)));
  small.hold(grants[0], first);
  CHECK(small.has_room());
  small.hold(grants[1], second);
  CHECK_FALSE(small.has_room());
  small.leave(grants[1].sid, second);
  CHECK(small.has_room());
  small.hold(grants[1], second);  // came back: it needs no room
  clock.advance(Millis(1));
  CHECK_FALSE(small.has_room());
  small.leave(grants[0].sid, first);
  small.leave(grants[1].sid, second);
  CHECK(small.forgotten() == 0);
  small.hold(grants[2], first);
  CHECK(small.size() == 2);
  CHECK(small.forgotten() == 1);
  CHECK_FALSE(small.find(grants[0].pid, kBinding).grant);
  CHECK(small.find(grants[1].pid, kBinding).grant);
  small.hold(grants[3], second);
  CHECK_FALSE(small.has_room());
  CHECK(small.forgotten() == 2);
  small.hold(small.create(kBinding, Offset(1)), second);  // all are there: this one cannot be had again
  CHECK(small.forgotten() == 3);
  clock.advance(kWindow + Millis(1));
  small.sweep();
  CHECK_FALSE(small.has_room());
  small.end(grants[3].sid, second);
  CHECK(small.has_room());
  clock.advance(kWindow + Millis(1));
  small.sweep();
  CHECK(small.size() == 1);
  // Nobody could have come back to what expired or was ended.
  small.hold(small.create(kBinding, Offset(1)), second);
  small.end(grants[2].sid, first);
  small.hold(small.create(kBinding, Offset(1)), first);
  CHECK(small.forgotten() == 3);
}

TEST_CASE_FIXTURE(Fixture, "after a restart the window counts from the start of the server") {
  const SessionTable restarted(kKey, 2, kWindow, clock);
  CHECK(restarted.find(grant.pid, kBinding).grant);
  clock.advance(kWindow + Millis(1));
  CHECK_FALSE(restarted.find(grant.pid, kBinding).grant);
}

}  // namespace
}  // namespace tidemark
