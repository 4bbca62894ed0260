#include "src/config/server_url.h"

#include <doctest/doctest.h>

#include <string>

namespace tidemark {

TEST_CASE("a server's address has a host, a port and perhaps a path") {
  const auto plain = parse_server_url("http://localhost:3000");
  REQUIRE(plain);
  CHECK(plain->host == "localhost");
  CHECK(plain->port == "3000");
  CHECK(plain->path.empty());
  CHECK(plain->authority() == "localhost:3000");

  const auto behind = parse_server_url("http://example.org/tidemark/");
  REQUIRE(behind);
  CHECK(behind->port == "80");
  CHECK(behind->path == "/tidemark");
  CHECK(behind->authority() == "example.org");

  const auto numeric = parse_server_url("http://[::1]:4000/");
  REQUIRE(numeric);
  CHECK(numeric->host == "::1");
  CHECK(numeric->authority() == "[::1]:4000");
}

TEST_CASE("a server's address is written as it was read") {
  for (const auto* text : {"http://localhost:3000", "http://example.org", "http://[::1]:4000", "http://a.b/c/d"}) {
    CAPTURE(text);
    const auto url = parse_server_url(text);
    REQUIRE(url);
    CHECK(url->text() == text);
  }
}

TEST_CASE("a server's address without a scheme is one of http") {
  for (const auto* text : {"localhost:7070", "127.0.0.1:80", "example.org", "[::1]:4000/", "a.b/c/d"}) {
    CAPTURE(text);
    const auto url = parse_server_url(text);
    REQUIRE(url);
    CHECK(url->text() == parse_server_url("http://" + std::string(text))->text());
    CHECK(why_no_server_url(text).empty());
  }
}

TEST_CASE("what is no server's address is refused with what it should be") {
  for (const auto* text : {"", "localhost:", "localhost:x", "/tmp/data", "::1", "mailto:a@b", "http:/a:1", "http://",
                           "http://:3000", "http://a:0", "http://a:70000", "http://a:b", "http://a b", "http://u:p@a",
                           "http://a?x", "ftp://a", "http://[::1", "http://[::1]x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_server_url(text));
    CHECK(why_no_server_url(text).find("http://localhost:3000") != std::string_view::npos);
  }
  CHECK(why_no_server_url("https://example.org").find("proxy") != std::string_view::npos);
  CHECK(why_no_server_url("http://localhost:3000").empty());
}

TEST_CASE("a typed port is no host without a scheme, and is told how it is written") {
  for (const auto* text : {"23000", "23000/", "2130706433:23460", "3000/tidemark"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_server_url(text));
    CHECK(why_no_server_url(text) ==
          "a number is no host; a port of this machine is written with it, such as localhost:23000");
  }
  for (const auto* text : {"http://23000", "127.0.0.1", "10.0.0.7:23000", "3com.example", "[::1]:23000"}) {
    CAPTURE(text);
    CHECK(parse_server_url(text));
  }
}

}  // namespace tidemark
