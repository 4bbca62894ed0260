// Who may use the API.
#include "src/server/api/access.h"

#include <doctest/doctest.h>

#include <string>

namespace tidemark {
namespace {

http::Request asked(std::vector<std::pair<std::string, std::string>> fields) {
  http::Request request;
  request.fields = std::move(fields);
  return request;
}

int status(const http::Request& request, const ServeOptions& options, bool loopback) {
  const auto refusal = why_no_access(request, options, loopback);
  return refusal ? refusal->status : 200;
}

}  // namespace

TEST_CASE("without a token this machine may, by a name of this machine, and nobody else") {
  ServeOptions options;
  CHECK(status(asked({{"host", "localhost:3000"}}), options, true) == 200);
  CHECK(status(asked({{"host", "127.0.0.1"}}), options, true) == 200);
  CHECK(status(asked({{"host", "[::1]:3000"}}), options, true) == 200);
  CHECK(status(asked({{"host", "localhost"}}), options, false) == 403);
  options.host = "0.0.0.0";
  CHECK(status(asked({{"host", "evil.example"}}), options, true) == 403);
  options.cors_origins = {"https://log.example"};
  CHECK(status(asked({{"host", "log.example"}}), options, true) == 200);
}

TEST_CASE("what a proxy passes on does not come from this machine") {
  for (const char* field : {"forwarded", "x-forwarded-for", "x-real-ip", "via"}) {
    CHECK(status(asked({{"host", "localhost"}, {field, "x"}}), {}, true) == 403);
  }
}

TEST_CASE("with a token whoever knows it may, from wherever, and nobody without") {
  ServeOptions options;
  options.api_token = "0123456789abcdef";
  for (const bool loopback : {true, false}) {
    CHECK(status(asked({{"host", "x"}, {"authorization", "Bearer 0123456789abcdef"}}), options, loopback) == 200);
    CHECK(status(asked({{"host", "x"}, {"authorization", "bEARER   0123456789abcdef"}}), options, loopback) == 200);
    for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0",
                              "Basic 0123456789abcdef", "0123456789abcdef", "Bearer 0123456789abcdeF"}) {
      CAPTURE(wrong);
      CHECK(status(asked({{"host", "localhost"}, {"authorization", wrong}}), options, loopback) == 401);
    }
    CHECK(status(asked({{"host", "localhost"}}), options, loopback) == 401);
  }
}

TEST_CASE("a page of a foreign origin may not, with the token neither") {
  ServeOptions options;
  CHECK(status(asked({{"host", "localhost"}, {"origin", "https://evil.example"}}), options, true) == 403);
  options.api_token = "0123456789abcdef";
  CHECK(status(asked({{"host", "localhost"},
                      {"origin", "https://evil.example"},
                      {"authorization", "Bearer 0123456789abcdef"}}),
               options, true) == 403);
}

TEST_CASE("an allow-list of all opens the API to foreign pages and names with a token only") {
  ServeOptions options;
  options.cors_origins = {"*", "https://log.example"};
  const auto page =
      asked({{"host", "localhost"}, {"origin", "https://evil.example"}, {"authorization", "Bearer 0123456789abcdef"}});
  CHECK(status(page, options, true) == 403);
  CHECK(status(asked({{"host", "rebound.example"}}), options, true) == 403);
  CHECK(status(asked({{"host", "rebound.example"}, {"origin", "http://rebound.example"}}), options, true) == 403);
  CHECK(status(asked({{"host", "log.example"}, {"origin", "https://log.example"}}), options, true) == 200);
  CHECK(api_origins(options) == std::vector<std::string>{"https://log.example"});
  options.api_token = "0123456789abcdef";
  CHECK(status(page, options, true) == 200);
  CHECK(api_origins(options) == options.cors_origins);
}

TEST_CASE("a foreign page may not load an answer as an image, somebody may follow its link") {
  const auto loaded = [](const char* site, const char* mode) {
    return status(asked({{"host", "localhost"}, {"sec-fetch-site", site}, {"sec-fetch-mode", mode}}), {}, true);
  };
  CHECK(loaded("cross-site", "no-cors") == 403);
  CHECK(loaded("cross-site", "navigate") == 200);
  CHECK(loaded("same-origin", "no-cors") == 200);
  CHECK(loaded("none", "navigate") == 200);
}

TEST_CASE("secrets are the same only if every byte is") {
  CHECK(same_secret("abc", "abc"));
  CHECK_FALSE(same_secret("abc", "abd"));
  CHECK_FALSE(same_secret("abc", "ab"));
  CHECK_FALSE(same_secret("", "a"));
}

}  // namespace tidemark
