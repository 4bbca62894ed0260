// Who connects anew goes on with what is left: an address publishes no more than the rate for each of its connections at a
// time.
#include "src/server/publish_allowances.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

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

TEST_CASE(
    "connections that are there at the same time have an allowance each, and all that follow the most spent one") {
  Allowances allowances;
  {
    auto one = allowances.all.open(kHome);
    auto two = allowances.all.open(kHome);
    auto three = allowances.all.open(kHome);
    CHECK(taken(one) == 10);
    CHECK(taken(two, 4) == 4);
    CHECK(taken(three, 8) == 8);
  }
  auto one = allowances.all.open(kHome);
  auto two = allowances.all.open(kHome);
  CHECK(taken(one) == 0);
  CHECK(taken(two) == 0);
  allowances.clock.advance(Millis(300));
  auto three = allowances.all.open(kHome);
  CHECK(taken(one) == 3);
  CHECK(taken(three) == 3);
}

TEST_CASE("many at once and then one after the other publish no more than one does") {
  Allowances allowances;
  {
    std::vector<PublishAllowance> many;
    for (int i = 0; i < 30; ++i) many.push_back(allowances.all.open(kHome));
    for (PublishAllowance& one : many) CHECK(taken(one, 1) == 1);
  }
  int published = 0;
  for (int i = 0; i < 600; ++i) {
    published += allowances.publish(kHome);
    allowances.clock.advance(Millis(10));
  }
  INFO("published in six seconds: ", published);
  CHECK(published >= 60);
  CHECK(published <= 10 + 60);
}

TEST_CASE("connections by turns, so many at a time, publish the rate for each of these") {
  Allowances allowances;
  for (const std::size_t together : {1, 2, 5}) {
    CAPTURE(together);
    allowances.clock.advance(Millis(1000));
    std::vector<PublishAllowance> open;
    int published = 0;
    for (int i = 0; i < 600; ++i) {
      if (open.size() == together) open.erase(open.begin());
      open.push_back(allowances.all.open(kHome));
      for (PublishAllowance& one : open) published += taken(one, 1 + i % 11);
      allowances.clock.advance(Millis(10));
    }
    CHECK(published <= static_cast<int>(together) * (10 + 60));
  }
}

TEST_CASE("one that opens and publishes nothing keeps the spent allowance from nobody") {
  Allowances allowances;
  CHECK(allowances.publish(kHome) == 10);
  const auto idle = allowances.all.open(kHome);
  CHECK(allowances.publish(kHome) == 0);
}

TEST_CASE("one that is given back takes nothing more, and is given back once") {
  Allowances allowances;
  auto one = allowances.all.open(kHome);
  CHECK(taken(one) == 10);
  one.give_back();
  one.give_back();
  CHECK(taken(one) == 0);
  CHECK(allowances.publish(kHome) == 0);
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

constexpr std::string_view kUpgrade =
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/// A text message of a client, masked with zeros (RFC 6455 section 5.3).
std::string frame(std::string_view text) {
  return fmt::format("\x81{}{}{}", static_cast<char>(0x80 | text.size()), std::string(4, '\0'), text);
}

/// Of two events over a WebSocket that was asked for.
int refused_of_two(Peer& peer) {
  (void)peer.read_until("}");
  peer.send(frame("40"));
  (void)peer.read_until("}");
  int refused = 0;
  for (int event = 1; event <= 2; ++event) {
    peer.send(frame(fmt::format(R"(42{}["chat message",1])", event)));
    (void)peer.read_until(fmt::format("43{}[", event));
    refused += peer.read_until("]").find("rate_exceeded") == std::string::npos ? 0 : 1;
  }
  return refused;
}

TEST_CASE("WebSockets one after the other publish no more than one") {
  RunningServer server({.io_threads = 1, .publish_rate = 3});
  int refused = 0;
  for (int connection = 0; connection < 3; ++connection) {
    server.wait_for("tidemark_connections", 1);  // the one that asks: those before are gone
    Peer peer(server.port());
    peer.send(kUpgrade);
    refused += refused_of_two(peer);
  }
  CHECK(refused == 3);
}

TEST_CASE("a connection to the API that becomes a WebSocket has one allowance") {
  RunningServer server({.io_threads = 1, .publish_rate = 3});
  Peer peer(server.port());
  for (int i = 0; i < 2; ++i) {
    peer.send(request("POST", "/api/v1/channels/%2F/records", "1"));
    CHECK(peer.read_until("\r\n").find("201") != std::string::npos);
    (void)peer.read_until("}\n");
  }
  peer.send(kUpgrade);
  CHECK(refused_of_two(peer) == 1);
}

TEST_CASE("a session over polling that publishes nothing keeps the spent allowance from no connection") {
  RunningServer server({.io_threads = 1, .publish_rate = 3});
  std::string answers;
  for (int connection = 0; connection < 3; ++connection) {
    server.wait_for("tidemark_connections", 1);  // the one that asks: those before are gone
    Peer peer(server.port());
    peer.send(request("GET", "/socket.io/?EIO=4&transport=polling", {}));
    (void)peer.read_until("}");
    for (int i = 0; i < 2; ++i) {
      peer.send(request("POST", "/api/v1/channels/%2F/records", "1"));
      answers += peer.read_until("\r\n").substr(9, 4);
      (void)peer.read_until("}\n");
    }
  }
  CHECK(answers == "201 201 201 429 429 429 ");
}

TEST_CASE("an answer that ends the connection is given when its allowance is there for the next one") {
  RunningServer server({.io_threads = 1, .publish_rate = 1});
  Peer first(server.port());  // and stays, as far as it is concerned
  first.send(
      "POST /api/v1/channels/%2F/records HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      "Content-Length: 1\r\n\r\n1");
  CHECK(first.read_until("\r\n").find("201") != std::string::npos);
  Peer second(server.port());
  second.send(request("POST", "/api/v1/channels/%2F/records", "1"));
  CHECK(second.read_until("\r\n").find("429") != std::string::npos);
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
