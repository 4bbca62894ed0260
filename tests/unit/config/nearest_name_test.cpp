#include "src/config/nearest_name.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace tidemark {
namespace {
constexpr std::array<std::string_view, 5> kNames = {"port", "host", "ping-interval", "ping-timeout", "max-payload"};
}

TEST_CASE("a swapped, missing, added or wrong letter still finds the name") {
  CHECK(nearest_name("prot", kNames) == "port");
  CHECK(nearest_name("hst", kNames) == "host");
  CHECK(nearest_name("portt", kNames) == "port");
  CHECK(nearest_name("ping-intervall", kNames) == "ping-interval");
  CHECK(nearest_name("max-paylaod", kNames) == "max-payload");
}

TEST_CASE("case and underscores do not matter") {
  CHECK(nearest_name("PING_INTERVAL", kNames) == "ping-interval");
  CHECK(nearest_name("Max_Payload", kNames) == "max-payload");
}

TEST_CASE("the beginning of a name finds it, before what is nearer") {
  CHECK(nearest_name("max", kNames) == "max-payload");
  constexpr std::array<std::string_view, 2> kChannels = {"/chat/new", "/chat/general"};
  CHECK(nearest_name("/chat/ge", kChannels) == "/chat/general");
}

TEST_CASE("nothing is suggested for what resembles no name") {
  CHECK_FALSE(nearest_name("colour", kNames));
  CHECK_FALSE(nearest_name("", kNames));
  CHECK_FALSE(nearest_name("p", kNames));
  CHECK_FALSE(nearest_name(std::string(10'000, 'p'), kNames));
}

}  // namespace tidemark
