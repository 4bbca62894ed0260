// GET /api/v1/log of a whole server: what its head says of its body.
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/server/running_server.h"

namespace tidemark {
namespace {

void publish(std::uint16_t port) {
  Peer publisher(port);
  publisher.send(
      "POST /api/v1/channels/%2F/records HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nConnection: "
      "close\r\n\r\n1");
  REQUIRE(publisher.read_to_end().starts_with("HTTP/1.1 201 "));
}

}  // namespace

TEST_CASE("whoever goes on after Tidemark-Head misses nothing: it is not newer than what was looked at") {
  RunningServer server({});
  publish(server.port());
  for (const char* query : {"", "?order=desc", "?channel=/", "?channel=/&order=desc"}) {
    CAPTURE(query);
    // A record is stored after it was settled how far the answer goes and before it is read.
    server.store().before_next_read([&] { publish(server.port()); });
    Peer reader(server.port());
    reader.send(std::string("GET /api/v1/log") + query + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const std::string answer = reader.read_to_end();
    INFO(answer);
    REQUIRE(answer.starts_with("HTTP/1.1 200 "));
    const auto head = answer.find("Tidemark-Head: ");
    REQUIRE(head != std::string::npos);
    const auto number = answer.substr(head + 15, answer.find('\r', head) - head - 15);
    CHECK(answer.contains("{\"offset\":" + number + ","));
    CHECK_FALSE(answer.contains("{\"offset\":" + std::to_string(std::stoull(number) + 1) + ","));
  }
}

}  // namespace tidemark
