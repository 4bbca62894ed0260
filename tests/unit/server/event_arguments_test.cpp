// emit(event, payload, clientKey?): what is taken, and what is refused for good.
#include "src/server/event_arguments.h"

#include <doctest/doctest.h>

#include <string>

namespace tidemark {
namespace {

socketio::Packet event(std::string data) {
  socketio::Packet packet;
  packet.data = std::move(data);
  return packet;
}

TEST_CASE("the payload keeps its bytes, whatever its kind") {
  for (const char* payload : {"1e2", "\"a\\u0000b\"", "{ \"b\": 1, \"a\": 2 }", "null", "[1, 2]", "0.10"}) {
    const auto packet = event(std::string("[\"chat message\",") + payload + "]");
    const auto arguments = read_event_arguments(packet);
    REQUIRE(arguments);
    CHECK(arguments->event == "chat message");
    CHECK(arguments->payload == payload);
    CHECK(arguments->client_key.empty());
  }
}

TEST_CASE("the third argument is the client key; null is none") {
  CHECK(read_event_arguments(event(R"(["e",1,"k\u00e9y"])"))->client_key == "kéy");
  CHECK(read_event_arguments(event(R"(["e",1,null])"))->client_key.empty());
}

TEST_CASE("what cannot be taken is refused with its code") {
  const struct {
    std::string data;
    std::string_view code;
  } rows[] = {{R"(["e"])", "missing_payload"},
              {R"(["e",1,"k",2])", "too_many_arguments"},
              {R"(["e",1,5])", "bad_client_key"},
              {R"(["e",1,{}])", "bad_client_key"},
              {R"(["e",1,""])", "bad_client_key"},
              {R"(["e",1,"\ud800"])", "bad_client_key"},
              {R"(["e",1,")" + std::string(256, 'k') + R"("])", "bad_client_key"}};
  for (const auto& row : rows) {
    CAPTURE(row.data);
    const auto packet = event(row.data);
    const auto arguments = read_event_arguments(packet);
    REQUIRE_FALSE(arguments);
    CHECK(arguments.error().code == row.code);
  }
}

TEST_CASE("a packet above a limit is refused by the limit's name") {
  const std::pair<socketio::Excess, std::string_view> rows[] = {{socketio::Excess::depth, "too_deep"},
                                                                {socketio::Excess::event_name, "event_name_too_long"},
                                                                {socketio::Excess::arguments, "too_many_arguments"},
                                                                {socketio::Excess::attachments, "too_many_attachments"},
                                                                {socketio::Excess::bytes, "payload_too_large"}};
  for (const auto& [excess, code] : rows) {
    socketio::Packet packet;
    packet.excess = excess;
    const auto arguments = read_event_arguments(packet);
    REQUIRE_FALSE(arguments);
    CHECK(arguments.error().code == code);
  }
}

TEST_CASE("a refusal is an ack's argument") {
  CHECK(refusal_args({"some_code", "a \"quoted\" word"}) ==
        R"([{"error":{"code":"some_code","message":"a \"quoted\" word"}}])");
}

}  // namespace
}  // namespace tidemark
