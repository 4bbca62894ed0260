// Which pages may talk to the server.
#include "src/server/origin_policy.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace tidemark {
namespace {

http::Request request(std::string host, std::string origin) {
  http::Request made;
  made.fields = {{"host", std::move(host)}};
  if (!origin.empty()) made.fields.emplace_back("origin", std::move(origin));
  return made;
}

TEST_CASE("same-origin pages, pages of this machine and programs that are no browsers may") {
  const std::vector<std::string> none;
  CHECK(origin_allowed(request("chat.example:3000", ""), none));
  CHECK(origin_allowed(request("chat.example:3000", "https://chat.example:3000"), none));
  CHECK(origin_allowed(request("chat.example", "http://localhost:8080"), none));
  CHECK(origin_allowed(request("chat.example", "http://127.0.0.1"), none));
  CHECK(origin_allowed(request("chat.example", "http://[::1]:5173"), none));
  CHECK(origin_allowed(request("chat.example", "http://localhost.:5173"), none));
}

TEST_CASE("pages of other sites may not, whatever their name pretends") {
  const std::vector<std::string> none;
  for (const char* origin :
       {"https://evil.example", "https://chat.example.evil", "http://localhost.evil.example",
        "http://127.0.0.1.evil.example", "null", "http://chat.example:3001", "chat.example:3000"}) {
    CAPTURE(origin);
    CHECK_FALSE(origin_allowed(request("chat.example:3000", origin), none));
  }
}

TEST_CASE("the list allows by the whole origin, or all") {
  const std::vector<std::string> list{"https://app.example"};
  CHECK(origin_allowed(request("chat.example", "https://app.example"), list));
  CHECK_FALSE(origin_allowed(request("chat.example", "http://app.example"), list));
  CHECK_FALSE(origin_allowed(request("chat.example", "https://app.example:444"), list));
  CHECK(origin_allowed(request("chat.example", "https://any.example"), std::vector<std::string>{"*"}));
}

TEST_CASE("a server of its own machine is known by that machine's names, by addresses and by those listed") {
  ServeOptions options;
  options.cors_origins = {"https://chat.example", "http://app.example:8080"};
  for (const char* host : {"localhost", "localhost:3000", "app.localhost:3000", "127.0.0.1:3000", "[::1]:3000",
                           "192.168.1.2", "chat.example", "chat.example:3000", "app.example", "LOCALHOST:3000",
                           "localhost.", "Localhost.:3000", "App.Localhost", "Chat.Example.:3000"}) {
    CAPTURE(host);
    CHECK(host_allowed(request(host, ""), options));
  }
  for (const char* host : {"evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example",
                           "notlocalhost", "chat.example.evil", "localhost..", "EVIL.example."}) {
    CAPTURE(host);
    CHECK_FALSE(host_allowed(request(host, ""), options));
  }
  CHECK(host_allowed(http::Request(), options));  // HTTP/1.0: no browser of today
  for (const char* own : {"127.0.0.1", "LOCALHOST", "localhost."}) {
    options.host = own;
    CHECK_FALSE(host_allowed(request("any.example", ""), options));
  }
  for (const char* listening : {"0.0.0.0", "::", "chat.example", "10.0.0.1"}) {
    options.host = listening;
    CHECK(host_allowed(request("any.example", ""), options));
  }
  options.host = "localhost";
  options.cors_origins = {"*"};
  CHECK(host_allowed(request("any.example", ""), options));
}

TEST_CASE("an answer names the origin it is for, and only if there was one") {
  CHECK(cors_fields(request("h", "")).empty());
  CHECK(cors_fields(request("h", "https://app.example")).find("Access-Control-Allow-Origin: https://app.example\r\n") ==
        0);
}

}  // namespace
}  // namespace tidemark
