// Section names are those of the Socket.IO protocol document, revision 5.
#include "protocol/socketio/socketio.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "src/base/attachments.h"

using namespace tidemark;
using namespace std::string_view_literals;
using socketio::DecodeError;
using socketio::Excess;
using socketio::PacketType;
using Status = socketio::Decoder::Status;

namespace {

constexpr socketio::DecoderLimits kLimits{
    .packet_bytes = 1000, .attachments = 3, .json_depth = 8, .event_arguments = 4};

DecodeError error_of(std::string_view text) {
  socketio::Decoder decoder(kLimits);
  const auto status = decoder.text(text);
  CHECK_FALSE(decoder.unfinished());
  return status == Status::error ? decoder.error() : DecodeError::none;
}

/// What a packet without attachments has too much of; then it keeps no data.
Excess excess_of(std::string_view text) {
  socketio::Decoder decoder(kLimits);
  REQUIRE(decoder.text(text) == Status::packet);
  const auto packet = decoder.take();
  if (packet.excess != Excess::none) CHECK(packet.data.empty());
  return packet.excess;
}

std::vector<std::string> attachments_of(const socketio::Packet& packet) {
  std::vector<std::string> all;
  std::string_view rest = packet.attachments;
  while (const auto bytes = take_attachment(rest)) all.emplace_back(*bytes);
  CHECK(rest.empty());
  return all;
}

std::string placeholders(int count) {
  std::string text = "[\"e\"";
  for (int i = 0; i < count; ++i) text += R"(,{"_placeholder":true,"num":)" + std::to_string(i) + "}";
  return text + "]";
}

std::string event_named(std::string_view name, std::string_view rest = "") {
  return "2[\"" + std::string(name) + "\"" + std::string(rest) + "]";
}

}  // namespace

TEST_CASE("Socket.IO protocol, Packet encoding, Examples: text packets") {
  struct Row {
    std::string_view text;
    PacketType type;
    std::string_view nsp;
    std::optional<std::int64_t> ack_id;
    std::string_view data;
  };
  const std::vector<Row> rows = {
      {"0", PacketType::connect, "/", {}, ""},
      {R"(0{"token":"123"})", PacketType::connect, "/", {}, R"({"token":"123"})"},
      {"0/admin,", PacketType::connect, "/admin", {}, ""},
      {R"(0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"})",
       PacketType::connect,
       "/admin",
       {},
       R"({"sid":"oSO0OpakMV_3jnilAAAA"})"},
      {"0/admin", PacketType::connect, "/admin", {}, ""},
      {"0/,{}", PacketType::connect, "/", {}, "{}"},
      {"0/admin?token=1,{}", PacketType::connect, "/admin", {}, "{}"},
      {"0/admin?a=1&b=/x", PacketType::connect, "/admin", {}, ""},
      {R"(4{"message":"Not authorized"})", PacketType::connect_error, "/", {}, R"({"message":"Not authorized"})"},
      {R"(4"no")", PacketType::connect_error, "/", {}, R"("no")"},
      {R"(2["foo"])", PacketType::event, "/", {}, R"(["foo"])"},
      {R"(2/admin,["bar"])", PacketType::event, "/admin", {}, R"(["bar"])"},
      {R"(212["foo"])", PacketType::event, "/", 12, R"(["foo"])"},
      {R"(2/admin,1["tellme"])", PacketType::event, "/admin", 1, R"(["tellme"])"},
      {R"(2/chat/general,0007["m"])", PacketType::event, "/chat/general", 7, R"(["m"])"},
      {R"(20["m"])", PacketType::event, "/", 0, R"(["m"])"},
      {R"(29007199254740991["m"])", PacketType::event, "/", 9007199254740991, R"(["m"])"},
      {R"(3/admin,13["bar"])", PacketType::ack, "/admin", 13, R"(["bar"])"},
      {"312[]", PacketType::ack, "/", 12, "[]"},
      {R"(31["connect"])", PacketType::ack, "/", 1, R"(["connect"])"},  // an ack has no event name
      {"1", PacketType::disconnect, "/", {}, ""},
      {"1/admin,", PacketType::disconnect, "/admin", {}, ""},
      {"1/admin", PacketType::disconnect, "/admin", {}, ""},
  };
  socketio::Decoder decoder(kLimits);  // one for all: a decoder serves a connection's whole life
  for (const auto& row : rows) {
    CAPTURE(row.text);
    REQUIRE(decoder.text(row.text) == Status::packet);
    CHECK_FALSE(decoder.unfinished());
    const auto packet = decoder.take();
    CHECK(packet.type == row.type);
    CHECK(packet.nsp == row.nsp);
    CHECK(packet.ack_id == row.ack_id);
    CHECK(packet.data == row.data);
    CHECK(packet.attachment_count == 0);
    CHECK(packet.attachments.empty());
  }
}

TEST_CASE("a payload stays byte for byte what was sent") {
  const auto payload =
      "[\"m\", {\"b\":1.0, \"a\":123456789012345678901234567890,\t\"\\u0061\":\"\\u0000\xe2\x80\xa8\xf0\x9f\x8c\x8a\\ud800\"}]"sv;
  socketio::Decoder decoder(kLimits);
  REQUIRE(decoder.text("2" + std::string(payload)) == Status::packet);
  CHECK(decoder.take().data == payload);
}

TEST_CASE(
    "Socket.IO protocol, Packet encoding, Examples: a packet with binary attachments is whole when all have come") {
  socketio::Decoder decoder(kLimits);
  REQUIRE(decoder.text(R"(52-/admin,["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])") ==
          Status::need_more);
  CHECK(decoder.unfinished());
  CHECK(decoder.binary("\1\2") == Status::need_more);
  CHECK(decoder.unfinished());
  REQUIRE(decoder.binary("\3\4") == Status::packet);
  CHECK_FALSE(decoder.unfinished());
  const auto event = decoder.take();
  CHECK(event.type == PacketType::binary_event);
  CHECK(event.nsp == "/admin");
  CHECK(event.attachment_count == 2);
  CHECK(attachments_of(event) == std::vector<std::string>{"\1\2", "\3\4"});

  REQUIRE(decoder.text(R"(61-15["bar",{"_placeholder":true,"num":0}])") == Status::need_more);
  REQUIRE(decoder.binary("") == Status::packet);  // an empty buffer is an attachment, too
  const auto ack = decoder.take();
  CHECK(ack.type == PacketType::binary_ack);
  CHECK(ack.ack_id == 15);
  CHECK(attachments_of(ack) == std::vector<std::string>{""});

  REQUIRE(decoder.text(R"(461-/admin,1[{"_placeholder":true,"num":0}])") ==
          Status::error);  // its Engine.IO digit is on
}

TEST_CASE("Socket.IO protocol, Packet encoding, Format: what is no packet has a name") {
  CHECK(error_of("") == DecodeError::empty);
  for (const std::string_view text : {"7", "9[]", "a", " 2[\"a\"]", "-1", "/admin,", "[\"a\"]", "\xe2\x82\xac"}) {
    CAPTURE(text);
    CHECK(error_of(text) == DecodeError::unknown_type);
  }
}

TEST_CASE("a binary packet says how many attachments follow, at least one and not too many") {
  for (const std::string_view text :
       {"5", "5-[\"a\"]", "5[\"a\"]", "51[\"a\"]", "51", "5x-[\"a\"]", "5 1-[\"a\"]", "51e0-[\"a\"]", "50x1-[\"a\"]",
        "5-1-[\"a\"]", "51.0-[\"a\"]", "50-[\"a\"]", "500-[\"a\"]", "510001-[\"a\"]", "518446744073709551617-[\"a\"]",
        "599999999999999999999999-[\"a\"]", "60-1[]", "6-1[]"}) {
    CAPTURE(text);
    CHECK(error_of(text) == DecodeError::bad_attachment_count);
  }
  socketio::Decoder decoder(kLimits);
  CHECK(decoder.text("53-" + placeholders(3)) == Status::need_more);
  CHECK(socketio::Decoder(kLimits).text("5003-" + placeholders(3)) == Status::need_more);
}

TEST_CASE("a namespace longer than a channel's name is refused, in a CONNECT by whoever answers it") {
  const std::string longest = "/" + std::string(254, 'x');
  CHECK(error_of("0" + longest + ",") == DecodeError::none);
  CHECK(error_of("0" + longest + "?query,") == DecodeError::none);
  CHECK(error_of("2" + longest + "x,[\"a\"]") == DecodeError::bad_namespace);
  CHECK(error_of("1" + longest + "x") == DecodeError::bad_namespace);
  socketio::Decoder decoder(kLimits);
  REQUIRE(decoder.text("0" + longest + "x") == Status::packet);
  CHECK(decoder.take().nsp == longest + "x");
  CHECK(error_of("0admin,") == DecodeError::bad_payload);
}

TEST_CASE("Socket.IO protocol, Acknowledgement: an id is a whole number below 2^53, and an ack has one") {
  CHECK(error_of(R"(29007199254740992["a"])") == DecodeError::bad_ack_id);
  CHECK(error_of(R"(2/admin,18446744073709551616["a"])") == DecodeError::bad_ack_id);
  CHECK(error_of("2" + std::string(900, '9') + R"(["a"])") == DecodeError::bad_ack_id);
  CHECK(error_of("2" + std::string(900, '0') + R"(1["a"])") == DecodeError::none);
  CHECK(error_of(R"(3["a"])") == DecodeError::bad_ack_id);
  CHECK(error_of("3[]") == DecodeError::bad_ack_id);
  CHECK(error_of("3/admin,[]") == DecodeError::bad_ack_id);
  CHECK(error_of(R"(61-["a"])") == DecodeError::bad_ack_id);
  CHECK(error_of(R"(2-1["a"])") == DecodeError::bad_payload);
  CHECK(error_of(R"(21.5["a"])") == DecodeError::bad_payload);
}

TEST_CASE("Socket.IO protocol, Sending and receiving data: a payload of the wrong kind is refused") {
  for (const std::string_view text :
       {"2",       "2/admin,",  "2/admin",   "212",    "2{}",           "2\"a\"",      "2null",      "21",
        "2[\"a\"", "2[\"a\"]]", "2[\"a\",]", "2['a']", "2[\"a\",nope]", "2[\"a\",01]", "2[\"a\"] x", "31",
        "31{}",    "31null",    "31\"a\"",   "31[",    "0[]",           "0null",       "0\"a\"",     "0true",
        "0{",      "0/a,[1]",   "1{}",       "1[]",    "1null",         "1 ",          "1/a,x",      "4",
        "4[]",     "4null",     "4{",        "51-",    "51-{}",         "51-[\"a\"",   "61-1"}) {
    CAPTURE(text);
    CHECK(error_of(text) == DecodeError::bad_payload);
  }
}

TEST_CASE("Socket.IO protocol, Sending and receiving data: an event is a non-empty array with a name in front") {
  CHECK(error_of("2[]") == DecodeError::bad_event);
  CHECK(error_of("2[ ]") == DecodeError::bad_event);
  CHECK(error_of("51-[]") == DecodeError::bad_event);
  for (const std::string_view data :
       {"2[1]", "2[1,\"a\"]", "2[null]", "2[true]", "2[{}]", "2[[\"a\"]]", "2[\"\\ud800\"]"}) {
    CAPTURE(data);
    CHECK(error_of(data) == DecodeError::bad_event);
  }
  CHECK(error_of(event_named("")) == DecodeError::none);
  CHECK(error_of(event_named(std::string(255, 'x'))) == DecodeError::none);
  CHECK(excess_of(event_named(std::string(256, 'x'))) == Excess::event_name);
}

TEST_CASE("reserved names are refused, also with escapes in them") {
  for (const std::string_view name :
       {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}) {
    CAPTURE(name);
    CHECK(socketio::is_reserved_event(name));
    CHECK(error_of(event_named(name)) == DecodeError::bad_event);
  }
  CHECK(error_of(event_named(R"(\u0063onnect)")) == DecodeError::bad_event);
  CHECK(error_of(R"(51-["disconnect",{"_placeholder":true,"num":0}])") == DecodeError::bad_event);
  for (const std::string_view name : {"connected", "Connect", "error", "message", "__proto__", "toString"}) {
    CAPTURE(name);
    CHECK(error_of(event_named(name)) == DecodeError::none);
  }
}

TEST_CASE("an event has at most so many arguments besides its name") {
  CHECK(error_of(event_named("a", ",1,2,3,4")) == DecodeError::none);
  CHECK(excess_of(event_named("a", ",1,2,3,4")) == Excess::none);
  CHECK(excess_of(event_named("a", ",1,2,3,4,5")) == Excess::arguments);
  CHECK(error_of(event_named("a", ",1,2,3,4,5,")) == DecodeError::bad_payload);
}

TEST_CASE("a placeholder that names no attachment is refused when the text comes, before any attachment") {
  CHECK(error_of(R"(51-["a",{"_placeholder":true,"num":1}])") == DecodeError::bad_placeholder);
  CHECK(error_of(R"(51-["a",{"_placeholder":true,"num":"splice"}])") == DecodeError::bad_placeholder);
  CHECK(error_of(R"(51-["a",{"\u005fplaceholder":true,"num":-1}])") == DecodeError::bad_placeholder);
  CHECK(error_of(R"(51-["a",{"__proto__":{"_placeholder":true}}])") == DecodeError::bad_placeholder);
  CHECK(error_of(R"(61-1[{"_placeholder":true,"num":0.5}])") == DecodeError::bad_placeholder);
  CHECK(error_of(R"(2["a",{"_placeholder":true,"num":7}])") == DecodeError::none);  // no decoder reads it as one there
}

TEST_CASE("attachments come right after their text, and only then") {
  socketio::Decoder nothing_announced(kLimits);
  CHECK(nothing_announced.binary("\1") == Status::error);
  CHECK(nothing_announced.error() == DecodeError::unexpected_binary);

  socketio::Decoder text_between(kLimits);
  REQUIRE(text_between.text("52-" + placeholders(2)) == Status::need_more);
  REQUIRE(text_between.binary("\1") == Status::need_more);
  CHECK(text_between.text(R"(2["a"])") == Status::error);
  CHECK(text_between.error() == DecodeError::unexpected_text);
  CHECK_FALSE(text_between.unfinished());

  socketio::Decoder one_too_many(kLimits);
  REQUIRE(one_too_many.text("51-" + placeholders(1)) == Status::need_more);
  REQUIRE(one_too_many.binary("\1") == Status::packet);
  CHECK(one_too_many.take().attachment_count == 1);
  CHECK(one_too_many.binary("\2") == Status::error);
  CHECK(one_too_many.error() == DecodeError::unexpected_binary);
}

TEST_CASE("what is nested too deep is known by its head, and not looked at behind that") {
  for (const std::string_view text : {"2[[[[[[[[[1]]]]]]]]]", "2[\"a\",[[[[[[[[1]]]]]]]]]", "2[\"a\",[[[[[[[[nonsense",
                                      "31[[[[[[[[[1]]]]]]]]]", "0{\"a\":[[[[[[[[1]]]]]]]]}"}) {
    CAPTURE(text);
    CHECK(excess_of(text) == Excess::depth);
  }
  CHECK(error_of("2[\"a\",nonsense,[[[[[[[[[[") == DecodeError::bad_payload);
  CHECK(error_of("2{\"a\":[[[[[[[[[[") == DecodeError::bad_payload);
  socketio::Decoder decoder(kLimits);
  REQUIRE(decoder.text("2/admin,7" + std::string(500, '[')) == Status::packet);
  const auto packet = decoder.take();
  CHECK(packet.type == PacketType::event);
  CHECK(packet.nsp == "/admin");
  CHECK(packet.ack_id == 7);
}

TEST_CASE("attachments above the limit are let pass unread, and the packet is whole behind them") {
  socketio::Decoder decoder(kLimits);
  REQUIRE(decoder.text("54-9" + placeholders(4)) == Status::need_more);
  for (int i = 0; i < 3; ++i) REQUIRE(decoder.binary(std::string(5000, 'x')) == Status::need_more);
  REQUIRE(decoder.cut_binary() == Status::packet);
  const auto packet = decoder.take();
  CHECK(packet.excess == Excess::attachments);
  CHECK(packet.ack_id == 9);
  CHECK(packet.data.empty());
  CHECK(packet.attachments.empty());
  CHECK(decoder.text(R"(2["a"])") == Status::packet);
}

TEST_CASE("text and attachments together stay below the limit") {
  CHECK(excess_of(event_named("a", ",\"" + std::string(kLimits.packet_bytes - 9, 'x') + "\"")) == Excess::none);
  CHECK(excess_of(event_named("a", ",\"" + std::string(kLimits.packet_bytes - 8, 'x') + "\"")) == Excess::bytes);

  const std::string text = "52-" + placeholders(2);
  const std::size_t held = placeholders(2).size();
  socketio::Decoder fits(kLimits);
  REQUIRE(fits.text(text) == Status::need_more);
  REQUIRE(fits.binary(std::string(kLimits.packet_bytes - held - 4, 'x')) == Status::need_more);  // 4: its length
  REQUIRE(fits.binary("") == Status::packet);
  CHECK(fits.take().excess == Excess::none);

  socketio::Decoder too_large(kLimits);
  REQUIRE(too_large.text(text) == Status::need_more);
  REQUIRE(too_large.binary(std::string(kLimits.packet_bytes - held - 4, 'x')) == Status::need_more);
  REQUIRE(too_large.binary("x") == Status::packet);
  const auto packet = too_large.take();
  CHECK(packet.excess == Excess::bytes);
  CHECK(packet.data.empty());
  CHECK(packet.attachments.empty());
  CHECK(packet.attachment_count == 2);
}

TEST_CASE("of a message that was cut the head says whom to answer") {
  socketio::Decoder decoder(kLimits);
  REQUIRE(decoder.cut_text(R"(2/admin,12["a","xxx)") == Status::packet);
  auto packet = decoder.take();
  CHECK(packet.excess == Excess::bytes);
  CHECK(packet.nsp == "/admin");
  CHECK(packet.ack_id == 12);

  REQUIRE(decoder.cut_text(R"(51-3["a","xxx)") == Status::need_more);
  REQUIRE(decoder.binary("y") == Status::packet);
  packet = decoder.take();
  CHECK(packet.excess == Excess::bytes);
  CHECK(packet.ack_id == 3);

  // A head that was cut itself says nothing that can be relied on, and a DISCONNECT has no data to be cut.
  for (const std::string_view beginning : {"", "2", "2/admin", "2/admin,123", "1/admin,{", "51", "x"}) {
    CAPTURE(beginning);
    CHECK(socketio::Decoder(kLimits).cut_text(beginning) == Status::error);
  }
  CHECK(socketio::Decoder(kLimits).cut_text("0/" + std::string(1000, 'x')) == Status::error);
  CHECK(socketio::Decoder(kLimits).cut_binary() == Status::error);
}

TEST_CASE("every decode error has its own name") {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(DecodeError::unexpected_text); ++i) {
    const auto name = socketio::name(static_cast<DecodeError>(i));
    CHECK(name != "unknown");
    for (const auto other : names) CHECK(name != other);
    names.push_back(name);
  }
}

TEST_CASE("Socket.IO protocol, Packet encoding, Examples: what is sent") {
  const auto made = [](auto append) {
    std::string out;
    append(out);
    return out;
  };
  CHECK(made([](auto& out) { socketio::append_connect(out, "/", R"({"sid":"x"})"); }) == R"(0{"sid":"x"})");
  CHECK(made([](auto& out) { socketio::append_connect(out, "/admin", R"({"sid":"x"})"); }) == R"(0/admin,{"sid":"x"})");
  CHECK(made([](auto& out) { socketio::append_connect_error(out, "/", R"({"message":"Not authorized"})"); }) ==
        R"(4{"message":"Not authorized"})");
  CHECK(made([](auto& out) { socketio::append_disconnect(out, "/"); }) == "1");
  CHECK(made([](auto& out) { socketio::append_disconnect(out, "/admin"); }) == "1/admin,");
  CHECK(made([](auto& out) { socketio::append_ack(out, "/admin", 13, R"(["bar"])"); }) == R"(3/admin,13["bar"])");
  CHECK(made([](auto& out) { socketio::append_ack(out, "/", 9007199254740991, "[]"); }) == "39007199254740991[]");
  CHECK(made([](auto& out) { socketio::append_ack(out, "/admin", 7, R"([{"_placeholder":true,"num":0}])", 1); }) ==
        R"(61-/admin,7[{"_placeholder":true,"num":0}])");
  CHECK(made([](auto& out) { socketio::append_event(out, "/", 0, R"(["foo"])"); }) == R"(2["foo"])");
  CHECK(made([](auto& out) { socketio::append_event(out, "/admin", 2, R"(["baz"])"); }) == R"(52-/admin,["baz"])");
}
