#include "src/config/channel_pattern.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "src/base/limits.h"
#include "src/config/cors_origin.h"

namespace tidemark {

TEST_CASE("a pattern without a star is one channel") {
  CHECK(channel_matches("/", "/"));
  CHECK(channel_matches("/chat/general", "/chat/general"));
  CHECK_FALSE(channel_matches("/", "/chat"));
  CHECK_FALSE(channel_matches("/chat", "/chat/general"));
  CHECK_FALSE(channel_matches("/chat/general", "/chat/generally"));
}

TEST_CASE("a star stands for one or more characters, further slashes included") {
  CHECK(channel_matches("/chat/*", "/chat/g"));
  CHECK(channel_matches("/chat/*", "/chat/team/7"));
  CHECK_FALSE(channel_matches("/chat/*", "/chat/"));
  CHECK_FALSE(channel_matches("/chat/*", "/chat"));
  CHECK_FALSE(channel_matches("/chat/*", "/chats/g"));
  CHECK(channel_matches("/*", "/anything"));
  CHECK_FALSE(channel_matches("/*", "/"));
}

TEST_CASE("a channel is one that any of the patterns matches") {
  const std::vector<std::string> patterns = {"/", "/chat/*"};
  CHECK(channel_matches(patterns, "/"));
  CHECK(channel_matches(patterns, "/chat/general"));
  CHECK_FALSE(channel_matches(patterns, "/admin"));
  CHECK_FALSE(channel_matches(std::vector<std::string>{}, "/"));
}

TEST_CASE("a pattern that could not match or could be misunderstood is refused") {
  for (const auto* good : {"/", "/chat", "/chat/*", "/*", "/a/b/*"}) {
    CAPTURE(good);
    CHECK(why_no_channel_pattern(good).empty());
  }
  for (const auto* bad : {"", "chat", "*", "/chat*", "/*/chat", "/chat/*/*", "/**", "/a,b", "/a?b=1"}) {
    CAPTURE(bad);
    CHECK_FALSE(why_no_channel_pattern(bad).empty());
  }
  CHECK(why_no_channel_pattern("/" + std::string(limits::kChannelNameBytes - 1, 'a')).empty());
  CHECK_FALSE(why_no_channel_pattern("/" + std::string(limits::kChannelNameBytes, 'a')).empty());
}

TEST_CASE("an origin is * or what a browser sends as one") {
  for (const auto* good : {"*", "https://example.org", "http://localhost:8080", "http://[::1]", "http://[::1]:8080",
                           "https://example.org:80", "app://host"}) {
    CAPTURE(good);
    CHECK(why_no_cors_origin(good).empty());
  }
  for (const auto* bad :
       {"", "example.org", "https://", "https://example.org/", "https://example.org/chat", "https://Example.org",
        "https://example.org:443", "http://example.org:80", "http://a:", "http://a:0", "http://a:080", "http://a:70000",
        "http://:80", "http://*.example.org", "://a", "1a://a", "http://a b", "http://[::1", "http://user@a"}) {
    CAPTURE(bad);
    CHECK_FALSE(why_no_cors_origin(bad).empty());
  }
}

}  // namespace tidemark
