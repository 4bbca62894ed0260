#include "src/cli/http_client.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "tests/unit/cli/loopback_listener.h"

namespace tidemark::cli {
namespace {

constexpr auto goes_on = [] { return true; };

}  // namespace

TEST_CASE("a server that takes the connection and never answers is given up") {
  const LoopbackListener server;  // the kernel takes connections for it
  HttpClient client(server.url(), "", Millis(50));
  const auto body = client.body_of({.target = "/"}, goes_on);
  REQUIRE_FALSE(body);
  CHECK(body.error().code == ErrorCode::io);
  CHECK(body.error().context == "the connection broke: " + server.url().text() + ": it was silent for 50ms");
  CHECK(client.lost() == HttpClient::Lost::broken);
}

TEST_CASE("a server that answered and is silent then is not asked again: it would be as long again") {
  const LoopbackListener server;
  std::thread answering([&] {
    constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const int connection = server.accept();
    std::array<char, 4096> part{};
    bool answered = false;
    while (::read(connection, part.data(), part.size()) > 0) {
      if (!std::exchange(answered, true)) (void)!::write(connection, kAnswer.data(), kAnswer.size());
    }
    ::close(connection);
  });
  {
    HttpClient client(server.url(), "", Millis(1000));
    CHECK(client.body_of({.target = "/"}, goes_on) == "ok");
    CHECK_FALSE(client.body_of({.target = "/"}, goes_on));
    CHECK_FALSE(server.has_waiting());
  }
  answering.join();
}

}  // namespace tidemark::cli
