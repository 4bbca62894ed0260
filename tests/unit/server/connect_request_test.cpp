// What a client may say at CONNECT, and how it is told what it said wrong.
#include "src/server/connect_request.h"

#include <doctest/doctest.h>

#include <string>

namespace tidemark {
namespace {

TEST_CASE("nothing said is a client that has nothing") {
  for (const char* auth : {"", "{}", R"({"other":1})"}) {
    const auto request = read_connect_request(auth);
    REQUIRE(request);
    CHECK_FALSE(request->pid);
    CHECK_FALSE(request->offset);
    CHECK_FALSE(request->server_offset);
    CHECK_FALSE(request->status);
  }
}

TEST_CASE("pid and offset as a stock client sends them") {
  const auto request =
      read_connect_request(R"({"pid":"p1","offset":"e.7","serverOffset":5,"name":"Ann","status":true})");
  REQUIRE(request);
  CHECK(request->pid == "p1");
  CHECK(request->offset == "e.7");
  CHECK(request->server_offset == 5);
  CHECK(request->name == "Ann");
  CHECK(request->status);
}

TEST_CASE("a serverOffset of null, zero or less is none") {
  for (const char* value : {"null", "0", "-3", "0.0"}) {
    CAPTURE(value);
    const auto request = read_connect_request(std::string(R"({"serverOffset":)") + value + "}");
    REQUIRE(request);
    CHECK_FALSE(request->server_offset);
  }
}

TEST_CASE("a serverOffset of a wrong type is told, with what it should be") {
  for (const char* value : {"\"17\"", "true", "{}", "[]", "1.5", "1e300"}) {
    CAPTURE(value);
    const auto request = read_connect_request(std::string(R"({"serverOffset":)") + value + "}");
    REQUIRE_FALSE(request);
    CHECK(request.error().find("serverOffset must be a whole number") == 0);
  }
}

TEST_CASE("an offset of a wrong type is one that no log knows, not one that is absent") {
  for (const char* value : {"17", "true", "{}", "\"\\ud800\""}) {
    CAPTURE(value);
    CHECK(read_connect_request(std::string(R"({"offset":)") + value + "}")->offset);
  }
  CHECK_FALSE(read_connect_request(R"({"offset":null})")->offset);
}

TEST_CASE("of a doubled key the last one counts, as JSON.parse has it") {
  CHECK(read_connect_request(R"({"serverOffset":5,"serverOffset":9})")->server_offset == 9);
  CHECK_FALSE(read_connect_request(R"({"serverOffset":5,"serverOffset":null})")->server_offset);
}

TEST_CASE("a name of a wrong type or too long is told") {
  CHECK_FALSE(read_connect_request(R"({"name":5})"));
  CHECK_FALSE(read_connect_request(R"({"name":")" + std::string(256, 'x') + R"("})"));
  CHECK(read_connect_request(R"({"name":")" + std::string(255, 'x') + R"("})"));
}

TEST_CASE("history is a whole number, zero included") {
  CHECK(read_connect_request(R"({"history":0})")->history == 0);
  CHECK(read_connect_request(R"({"history":50})")->history == 50);
  CHECK_FALSE(read_connect_request(R"({"history":-1})"));
  CHECK_FALSE(read_connect_request(R"({"history":"50"})"));
}

}  // namespace
}  // namespace tidemark
