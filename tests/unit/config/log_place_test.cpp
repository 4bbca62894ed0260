#include "src/config/log_place.h"

#include <doctest/doctest.h>

namespace tidemark {

TEST_CASE("a log's place is its engine and its directory") {
  const auto place = parse_log_place("rocksdb:/var/lib/a:b");
  REQUIRE(place);
  CHECK(place->engine == "rocksdb");
  CHECK(place->directory == "/var/lib/a:b");
  CHECK(parse_log_place("sqlite:tidemark-data"));
}

TEST_CASE("an engine that keeps nothing, or none, is no place") {
  for (const auto* text : {"", "tidemark-data", "memory:a", "floppy:a", "sqlite:", ":a", "sqlite"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_log_place(text));
    CHECK(why_no_log_place(text).find("sqlite:tidemark-data") != std::string_view::npos);
  }
  CHECK(why_no_log_place("sqlite:a").empty());
}

}  // namespace tidemark
