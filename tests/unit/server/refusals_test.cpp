// The limits that only a hundred thousand clients or a long wait would meet, each with its counter. The others:
// tests/e2e/refusals.test.mjs.
#include "src/server/refusals.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "src/server/answer_patience.h"
#include "src/server/timing_wheel.h"
#include "tests/unit/server/running_server.h"
#include "web/assets.h"

namespace tidemark {
namespace {

constexpr std::string_view kPoll = "/socket.io/?EIO=4&transport=polling";
constexpr Millis kTicks = 3 * TimingWheel::kTick;  // a deadline may be so late

std::string get(std::string_view target) { return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", target); }

std::string post(std::string_view target, std::string_view body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}", target, body.size(), body);
}

/// Opens a session over polling; where its requests go.
std::string open_session(Peer& peer) {
  peer.send(get(kPoll));
  const std::string answer = peer.read_until("}");
  const auto sid = answer.substr(answer.find("\"sid\":\"") + 7);
  return fmt::format("{}&sid={}", kPoll, sid.substr(0, sid.find('"')));
}

/// The largest file, as it is without compression.
const Asset& largest_asset() {
  return *std::ranges::max_element(all_assets(), {}, [](const Asset& asset) { return asset.body.size(); });
}

TEST_CASE("each kind of refusal has a name of its own, and is found by it") {
  for (std::size_t i = 0; i < kRefusedKinds; ++i) {
    const auto kind = static_cast<Refused>(i);
    CHECK(refused_named(name(kind)) == kind);
  }
  CHECK_FALSE(refused_named("nothing").has_value());
}

TEST_CASE("connections above the bound are refused in words, and those that are there go on") {
  RunningServer server({.connections = 2});
  CHECK(server.refused("too_many_connections") == 0);  // the one that asks is the first
  Peer second(server.port());
  second.send(get("/healthz"));
  (void)second.read_until("ok\n");
  Peer third(server.port());
  const std::string refusal = third.read_to_end();
  CHECK(refusal.starts_with("HTTP/1.1 503 "));
  CHECK(refusal.ends_with("too many connections\n"));
  CHECK(server.refused("too_many_connections") == 1);
  second.send(get("/healthz"));
  (void)second.read_until("ok\n");
}

TEST_CASE("sessions over polling above the bound are refused with 503") {
  RunningServer server({.connections = 2});
  Peer peer(server.port());
  (void)open_session(peer);
  (void)open_session(peer);
  peer.send(get(kPoll));
  CHECK(peer.read_until("}").starts_with("HTTP/1.1 503 "));
  CHECK(server.refused("too_many_sessions") == 1);
}

TEST_CASE("who left is forgotten where there is room for nobody else, and that is counted") {
  RunningServer server({.sessions = 1});
  Peer peer(server.port());
  const std::string session = open_session(peer);
  const auto exchange = [&](std::string_view packet, std::string_view answer) {
    peer.send(post(session, packet));
    (void)peer.read_until("ok");
    if (answer.empty()) return;
    peer.send(get(session));
    (void)peer.read_until(answer);
  };
  exchange("40/chat/a,", "40/chat/a,{");
  exchange("40/chat/b,", "44/chat/b,{\"message\":\"Too many sessions\"}");
  CHECK(server.metric("tidemark_sessions_forgotten_total") == 0);
  const std::string second = open_session(peer);
  peer.send(post(session, "1"));  // goes away, as a lost connection does
  (void)peer.read_until("ok");
  peer.send(post(second, "40/chat/b,"));
  (void)peer.read_until("ok");
  server.wait_for("tidemark_sessions_forgotten_total", 1);
  CHECK(server.metric("tidemark_sessions_remembered") == 1);
}

TEST_CASE("streams above the bound are refused with 503") {
  RunningServer server({.api_streams = 1});
  Peer first(server.port());
  first.send(get("/api/v1/stream"));
  (void)first.read_until("event: log\n");
  Peer second(server.port());
  second.send(get("/api/v1/stream"));
  const std::string answer = second.read_until("}");
  CHECK(answer.starts_with("HTTP/1.1 503 "));
  CHECK(answer.find("too many streams") != std::string::npos);
  CHECK(server.refused("too_many_streams") == 1);
}

TEST_CASE("more pages of the log than may wait are refused with 503") {
  RunningServer server({.api_reads_waiting = 0});
  Peer peer(server.port());
  peer.send(get("/api/v1/log"));
  const std::string answer = peer.read_until("}");
  CHECK(answer.starts_with("HTTP/1.1 503 "));
  CHECK(answer.find("too many readers") != std::string::npos);
  CHECK(server.refused("too_many_reads") == 1);
}

TEST_CASE("a publish that storage does not take is answered with 503 and counted") {
  RunningServer server({});
  server.store().fail_append({ErrorCode::io, "the disk is gone"});
  Peer peer(server.port());
  peer.send(post("/api/v1/channels/%2F/records", "1"));
  CHECK(peer.read_until("}").starts_with("HTTP/1.1 503 "));
  CHECK(server.refused("not_stored") == 1);
}

TEST_CASE("channels above the bound are refused at CONNECT") {
  RunningServer server({.channels_followed = 1});
  Peer peer(server.port());
  const std::string session = open_session(peer);
  peer.send(post(session,
                 "40/chat/a,\x1e"
                 "40/chat/b,"));
  (void)peer.read_until("ok");
  peer.send(get(session));
  const std::string answer = peer.read_until("44/chat/b,{\"message\":\"Too many channels\"}");
  CHECK(answer.find("40/chat/a,{") != std::string::npos);
  CHECK(server.refused("too_many_channels") == 1);
}

TEST_CASE("a message for one channel more than the log may have is refused, over the API and in its ack") {
  RunningServer server({}, limits::kSequencerQueueBytes, 1);
  Peer peer(server.port());
  peer.send(post("/api/v1/channels/%2Fchat%2Fa/records", "1"));
  CHECK(peer.read_until("}").starts_with("HTTP/1.1 201 "));
  peer.send(post("/api/v1/channels/%2Fchat%2Fb/records", "1"));
  CHECK(peer.read_until("}}").find("HTTP/1.1 403 ") != std::string::npos);
  CHECK(server.refused("channels_full") == 1);

  Peer client(server.port());
  const std::string session = open_session(client);
  client.send(post(session, "40/chat/b,"));
  (void)client.read_until("ok");
  client.send(get(session));
  (void)client.read_until("40/chat/b,{");
  (void)client.read_until("}");
  client.send(post(session, "42/chat/b,2[\"chat message\",1]"));
  (void)client.read_until("ok");
  client.send(get(session));
  CHECK(client.read_until("}}]").find("43/chat/b,2[{\"error\":{\"code\":\"channels_full\",") != std::string::npos);
  CHECK(server.refused("channels_full") == 2);
}

TEST_CASE("who publishes more than the queue holds waits, and is answered when there is room") {
  RunningServer server({}, 1000);
  Peer peer(server.port());
  const std::string session = open_session(peer);
  peer.send(post(session, "40"));
  (void)peer.read_until("ok");
  server.store().hold_appends();
  const std::string event = fmt::format("42[\"chat message\",\"{}\"]", std::string(800, 'x'));
  peer.send(post(session, event + "\x1e" + event));
  server.wait_for("tidemark_refusals_total{limit=\"publisher_paused\"}", 1);
  CHECK(server.metric("tidemark_log_head_offset") == 0);
  server.store().release_appends();
  (void)peer.read_until("ok");
  server.wait_for("tidemark_log_head_offset", 2);
}

TEST_CASE("a connection that says nothing is closed after half a minute") {
  RunningServer server({});
  Peer silent(server.port());
  server.wait_for("tidemark_connections", 2);
  server.clock().advance(limits::kHttpSilenceTimeout + kTicks);
  CHECK(silent.read_to_end().empty());
  CHECK(server.refused("silent_connection") == 1);
}

TEST_CASE("a WebSocket that does not finish its upgrade is closed") {
  RunningServer server({});
  Peer polling(server.port());
  const std::string session = open_session(polling);
  Peer websocket(server.port());
  const auto sid = session.substr(session.rfind('=') + 1);
  websocket.send(
      fmt::format("GET /socket.io/?EIO=4&transport=websocket&sid={} HTTP/1.1\r\nHost: localhost\r\n"
                  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                  sid));
  CHECK(websocket.read_until("\r\n\r\n").starts_with("HTTP/1.1 101 "));
  CHECK(server.refused("upgrade_timeout") == 0);  // the turn that answered is over
  server.clock().advance(limits::kUpgradeTimeout + kTicks);
  CHECK(websocket.read_to_end().ends_with("upgrade not completed"));
  CHECK(server.refused("upgrade_timeout") == 1);
}

/// More of them than the kernel holds for a client.
constexpr std::size_t kRequests = 24;
std::string many_requests() {
  std::string requests;
  for (std::size_t i = 0; i < kRequests; ++i) requests += get(largest_asset().path);
  return requests;
}

TEST_CASE("an answer that is not read is given up") {
  REQUIRE(kRequests * largest_asset().body.size() > 5 * limits::kMiB);
  RunningServer server({});
  Peer slow(server.port(), 4096);
  slow.send(many_requests());
  (void)slow.read_until("\r\n\r\n");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (server.refused("unread_answer") == 0) {
    REQUIRE(std::chrono::steady_clock::now() < until);
    server.clock().advance(std::chrono::seconds(1));
  }
  CHECK(slow.read_to_end().size() < kRequests * largest_asset().body.size());
}

TEST_CASE("who reads on, if slowly, gets everything, though the kernel does not call its buffer writable in time") {
  constexpr std::size_t kBytesPerSecond = 26'000;
  RunningServer server({});
  server.clock().run(200);
  Peer slow(server.port(), 4096);
  slow.send(many_requests());
  Millis next = server.clock().steady();
  for (std::size_t taken = 0; taken < kRequests * largest_asset().body.size();) {
    const std::size_t got = slow.read_some(kBytesPerSecond);
    REQUIRE(got > 0);
    taken += got;
    next += Millis(1000 * got / kBytesPerSecond);
    while (server.clock().steady() < next) std::this_thread::yield();
  }
}

TEST_CASE("an answer has half a minute for its next byte, and a second more for each KiB in all") {
  AnswerPatience patience;
  Millis now(5000);
  CHECK(patience.next(now, 100 * limits::kKiB) == Millis(30'000));
  for (int i = 0; i < 5; ++i) {  // a byte every 20 s
    now += Millis(20'000);
    CHECK(patience.next(now, 100 * limits::kKiB) == Millis(30'000));
  }
  now += Millis(20'000);
  CHECK(patience.next(now, 1) == Millis(10'000));  // of 130 s
  now += Millis(10'000);
  CHECK(patience.next(now, 1) == Millis(0));
  patience.reset();
  CHECK(patience.next(now, 1) == Millis(30'000));
}

}  // namespace
}  // namespace tidemark
