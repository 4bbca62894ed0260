// Who connects anew goes on with what is left: an address has as many allowances as connections at a time.
#include "src/server/publish_allowances.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "tests/unit/hub/manual_clock.h"
#include "tests/unit/server/running_server.h"

namespace tidemark {
namespace {

asio::ip::address at(const char* text) { return asio::ip::make_address(text); }
const auto kHome = at("10.0.0.1");

/// How many of so many events may be published.
int taken(PublishAllowance& allowance, int tries = 100) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += allowance.take() ? 1 : 0;
  return count;
}

struct Allowances {
  ManualClock clock;
  PublishAllowances all{10, clock};

  /// A connection opens, publishes and ends.
  int publish(const asio::ip::address& address, int tries = 100) {
    auto allowance = all.open(address);
    return taken(allowance, tries);
  }
};

TEST_CASE("a connection goes on with what the last one of its address left") {
  Allowances allowances;
  CHECK(allowances.publish(kHome, 4) == 4);
  CHECK(allowances.publish(kHome) == 6);
  CHECK(allowances.publish(kHome) == 0);
  allowances.clock.advance(Millis(300));
  CHECK(allowances.publish(kHome) == 3);
  allowances.clock.advance(Millis(1000));
  CHECK(allowances.publish(kHome) == 10);
}

TEST_CASE("connections that are there at the same time have an allowance each, and the next ones no more than these") {
  Allowances allowances;
  {
    auto one = allowances.all.open(kHome);
    auto two = allowances.all.open(kHome);
    CHECK(taken(one) == 10);
    CHECK(taken(two) == 10);
  }
  auto one = allowances.all.open(kHome);
  auto two = allowances.all.open(kHome);
  CHECK(taken(one) == 0);
  CHECK(taken(two) == 0);
  auto three = allowances.all.open(kHome);
  CHECK(taken(three) == 10);
}

TEST_CASE("one that is given back takes nothing more, and is given back once") {
  Allowances allowances;
  auto one = allowances.all.open(kHome);
  CHECK(taken(one) == 10);
  one.give_back();
  one.give_back();
  CHECK(taken(one) == 0);
  auto two = allowances.all.open(kHome);
  auto three = allowances.all.open(kHome);
  CHECK(taken(two) == 0);
  CHECK(taken(three) == 10);
}

TEST_CASE("an allowance that moves is the same one") {
  Allowances allowances;
  {
    auto one = allowances.all.open(kHome);
    CHECK(taken(one, 7) == 7);
    auto moved = std::move(one);
    CHECK(taken(moved, 1) == 1);
    auto other = allowances.all.open(at("10.0.0.2"));
    other = std::move(moved);
    CHECK(taken(other) == 2);
  }
  CHECK(allowances.publish(kHome) == 0);
}

TEST_CASE("other addresses have their own; of IPv6 the first 64 bits are one") {
  Allowances allowances;
  CHECK(allowances.publish(kHome) == 10);
  CHECK(allowances.publish(at("10.0.0.2")) == 10);
  CHECK(allowances.publish(at("2001:db8:1:2::1")) == 10);
  CHECK(allowances.publish(at("2001:db8:1:2:ffff::2")) == 0);
  CHECK(allowances.publish(at("2001:db8:1:3::1")) == 10);
  CHECK(allowances.publish(at("::ffff:10.0.0.1")) == 0);
}

TEST_CASE("zero is no limit, for whoever comes") {
  ManualClock clock;
  PublishAllowances all(0, clock);
  for (int i = 0; i < 10; ++i) {
    auto allowance = all.open(kHome);
    CHECK(taken(allowance, 1000) == 1000);
  }
}

// --- a whole server, whose clock stands still ------------------------------------------------------------------------

std::string request(std::string_view method, std::string_view target, std::string_view body) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}", method, target, body.size(),
                     body);
}

TEST_CASE("sessions over polling one after the other publish no more than one") {
  RunningServer server({.io_threads = 1, .publish_rate = 3});
  Peer peer(server.port());
  for (int session = 0; session < 4; ++session) {
    constexpr std::string_view kPoll = "/socket.io/?EIO=4&transport=polling";
    peer.send(request("GET", kPoll, {}));
    const auto handshake = peer.read_until("}");
    const auto sid = handshake.substr(handshake.find("\"sid\":\"") + 7);
    const auto target = fmt::format("{}&sid={}", kPoll, sid.substr(0, sid.find('"')));
    for (const std::string_view packet :
         {"40", R"(42["chat message",1])", R"(42["chat message",2])", R"(42["chat message",3])", "1"}) {
      peer.send(request("POST", target, packet));
      (void)peer.read_until("ok");
    }
  }
  CHECK(server.refused("rate_exceeded") == 9);
}

/// A text message of a client, masked with zeros (RFC 6455 section 5.3).
std::string frame(std::string_view text) {
  return fmt::format("\x81{}{}{}", static_cast<char>(0x80 | text.size()), std::string(4, '\0'), text);
}

TEST_CASE("WebSockets one after the other publish no more than one") {
  RunningServer server({.io_threads = 1, .publish_rate = 3});
  int refused = 0;
  for (int connection = 0; connection < 3; ++connection) {
    server.wait_for("tidemark_connections", 1);  // the one that asks: those before are gone
    Peer peer(server.port());
    peer.send(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
    (void)peer.read_until("}");
    peer.send(frame("40"));
    (void)peer.read_until("}");
    for (int event = 1; event <= 2; ++event) {
      peer.send(frame(fmt::format(R"(42{}["chat message",1])", event)));
      (void)peer.read_until(fmt::format("43{}[", event));
      refused += peer.read_until("]").find("rate_exceeded") == std::string::npos ? 0 : 1;
    }
  }
  CHECK(refused == 3);
}

TEST_CASE("connections to the API one after the other publish no more than one") {
  RunningServer server({.io_threads = 1, .publish_rate = 3});
  std::string answers;
  for (int connection = 0; connection < 3; ++connection) {
    server.wait_for("tidemark_connections", 1);  // the one that asks: those before are gone
    Peer peer(server.port());
    for (int i = 0; i < 2; ++i) {
      peer.send(request("POST", "/api/v1/channels/%2F/records", "1"));
      answers += peer.read_until("\r\n").substr(9, 4);
      (void)peer.read_until("}\n");
    }
  }
  CHECK(answers == "201 201 201 429 429 429 ");
}

}  // namespace
}  // namespace tidemark
