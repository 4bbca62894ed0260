// Section names are those of the Engine.IO protocol document, revision 4.
#include "protocol/engineio/engineio.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "protocol/base64.h"

using namespace tidemark;
using namespace std::string_view_literals;
using engineio::DecodeError;
using engineio::PacketType;

namespace {

struct Expected {
  PacketType type;
  std::string data;
  bool binary = false;
  bool operator==(const Expected&) const = default;
};

std::vector<Expected> copied(const std::vector<engineio::Packet>& packets) {
  std::vector<Expected> out;
  for (const auto& p : packets) out.push_back({p.type, std::string(p.data), p.binary});
  return out;
}

constexpr std::size_t kPackets = 16;

}  // namespace

TEST_CASE("Engine.IO protocol, Protocol: every packet type of the table is known, and no other") {
  for (int type = 0; type <= 6; ++type) {
    const std::string text = std::to_string(type) + "data";
    const auto packet = engineio::decode_packet(text);
    REQUIRE(packet);
    CHECK(static_cast<int>(packet->type) == type);
    CHECK(packet->data == "data");
    CHECK_FALSE(packet->binary);
  }
  for (const std::string_view text : {"7", "9x", "/", ":", "a", "bAQID", " 4", "-4", "\x1e", "\xf0\x9f\x8c\x8a"}) {
    CAPTURE(text);
    CHECK(engineio::decode_packet(text).error() == DecodeError::unknown_type);
  }
  CHECK(engineio::decode_packet("").error() == DecodeError::empty);
}

TEST_CASE("Engine.IO protocol, Packet encoding, WebSocket: type digit, then data") {
  CHECK(engineio::decode_packet("4hello")->data == "hello");
  CHECK(engineio::decode_packet("4")->data.empty());
  CHECK(engineio::decode_packet("2probe")->type == PacketType::ping);
  CHECK(engineio::decode_packet("4a\x1e"
                                "b")
            ->data ==
        "a\x1e"
        "b");  // no separators outside of polling
}

TEST_CASE("a client with forceBase64 sends its bytes as text over WebSocket, too") {
  std::string scratch;
  const auto packet = engineio::decode_packet("bAQIDBA==", scratch);
  REQUIRE(packet);
  CHECK(packet->type == PacketType::message);
  CHECK(packet->binary);
  CHECK(packet->data == "\1\2\3\4");
  CHECK(engineio::decode_packet("4hello", scratch)->data == "hello");
  CHECK(engineio::decode_packet("b!", scratch).error() == DecodeError::bad_base64);
  CHECK(engineio::decode_packet("", scratch).error() == DecodeError::empty);
}

TEST_CASE("Engine.IO protocol, Packet encoding, HTTP long-polling: the document's examples") {
  engineio::PayloadDecoder decoder;
  const auto texts = decoder.decode(
      "4hello\x1e"
      "2\x1e"
      "4world",
      kPackets);
  REQUIRE(texts);
  CHECK(copied(*texts) ==
        std::vector<Expected>{{PacketType::message, "hello"}, {PacketType::ping, ""}, {PacketType::message, "world"}});
  const auto mixed = decoder.decode(
      "4hello\x1e"
      "bAQIDBA==",
      kPackets);
  REQUIRE(mixed);
  CHECK(copied(*mixed) ==
        std::vector<Expected>{{PacketType::message, "hello"}, {PacketType::message, "\1\2\3\4", true}});
}

TEST_CASE("binary packets of one body stay apart, short ones and long ones") {
  std::string body;
  std::vector<Expected> expected;
  for (int i = 0; i < 12; ++i) {
    const std::string bytes(static_cast<std::size_t>(i * 7), static_cast<char>('a' + i));
    if (i > 0) body += engineio::kSeparator;
    engineio::append_binary_for_polling(body, bytes);
    expected.push_back({PacketType::message, bytes, true});
  }
  engineio::PayloadDecoder decoder;
  const auto packets = decoder.decode(body, kPackets);
  REQUIRE(packets);
  CHECK(copied(*packets) == expected);
}

TEST_CASE("a body with one bad packet is refused whole") {
  engineio::PayloadDecoder decoder;
  CHECK(decoder.decode("", kPackets).error() == DecodeError::empty);
  CHECK(decoder.decode("\x1e", kPackets).error() == DecodeError::empty);
  CHECK(decoder.decode("4a\x1e", kPackets).error() == DecodeError::empty);
  CHECK(decoder
            .decode("\x1e"
                    "4a",
                    kPackets)
            .error() == DecodeError::empty);
  CHECK(decoder
            .decode("4a\x1e\x1e"
                    "4b",
                    kPackets)
            .error() == DecodeError::empty);
  CHECK(decoder
            .decode("4a\x1e"
                    "9",
                    kPackets)
            .error() == DecodeError::unknown_type);
  CHECK(decoder.decode("abc", kPackets).error() == DecodeError::unknown_type);
  CHECK(decoder
            .decode("4a\x1e"
                    "b*",
                    kPackets)
            .error() == DecodeError::bad_base64);
}

TEST_CASE("a body with more packets than allowed is refused before any is looked at") {
  engineio::PayloadDecoder decoder;
  CHECK(
      decoder.decode("2\x1e"
                     "2\x1e"
                     "2",
                     3));
  CHECK(decoder
            .decode("2\x1e"
                    "2\x1e"
                    "2\x1e"
                    "2",
                    3)
            .error() == DecodeError::too_many_packets);
  CHECK(decoder.decode(std::string(1'000'000, engineio::kSeparator), 3).error() == DecodeError::too_many_packets);
}

TEST_CASE("RFC 4648 section 10: the test vectors, with and without padding") {
  const std::vector<std::pair<std::string_view, std::string_view>> vectors = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xff\xef\xbe", "/+++"},
  };
  for (const auto& [bytes, text] : vectors) {
    CAPTURE(text);
    std::string encoded;
    base64::append_encoded(encoded, bytes);
    CHECK(encoded == text);
    CHECK(base64::decode(text, base64::Padding::required) == bytes);
    CHECK(base64::decode(text, base64::Padding::optional) == bytes);
    const auto bare = text.substr(0, text.find('='));
    CHECK(base64::decode(bare, base64::Padding::optional) == bytes);
    if (bare != text) CHECK_FALSE(base64::decode(bare, base64::Padding::required));
  }
}

TEST_CASE("RFC 4648 sections 3.1 to 3.5: what is no base64 is refused") {
  for (const std::string_view text :
       {"A"sv,     "AAAAA"sv, "="sv,        "=="sv,   "===="sv,     "A==="sv,  "AA="sv,
        "AAA=="sv, "AAAA="sv, "AAAA===="sv, "A=AA"sv, "AA==AA=="sv, "AA\n="sv, "AA A"sv,
        " AAAA"sv, "AA-_"sv,  "AB=="sv,     "AAB="sv, "AB"sv,       "AAA\0"sv, "AAA\xff"sv}) {
    CAPTURE(text);
    CHECK_FALSE(base64::decode(text, base64::Padding::optional));
  }
}

TEST_CASE("Engine.IO protocol, Handshake: the open packet, fields in the order of the table") {
  using namespace std::chrono_literals;
  std::string out = "before";
  engineio::append_open(out, {"lv_VI97HAXpY6yYWAAAC", true, 25000ms, 20000ms, 1'000'000});
  CHECK(out ==
        R"(before0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,)"
        R"("maxPayload":1000000})");
  out.clear();
  engineio::append_open(out, {"x", false, 300ms, 200ms, 1});
  CHECK(out == R"(0{"sid":"x","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1})");
}

TEST_CASE("packets are appended as type digit and data") {
  std::string out;
  engineio::append_packet(out, PacketType::pong, "probe");
  out += engineio::kSeparator;
  engineio::append_packet(out, PacketType::noop, "");
  CHECK(out ==
        "3probe\x1e"
        "6");
}
