// Moments as text and back.
#include "src/base/time_text.h"

#include <doctest/doctest.h>

namespace tidemark {

TEST_CASE("a moment is written in UTC with its milliseconds") {
  CHECK(time_text({0}) == "1970-01-01T00:00:00.000Z");
  CHECK(time_text({1'795'644'000'123}) == "2026-11-25T22:00:00.123Z");
  CHECK(time_text({-1}) == "1969-12-31T23:59:59.999Z");
  CHECK(time_text({1'709'164'800'000}) == "2024-02-29T00:00:00.000Z");
}

TEST_CASE("a moment that has no such text is written as the nearest one") {
  CHECK(time_text({INT64_MAX}) == "9999-12-31T23:59:59.999Z");
  CHECK(time_text({INT64_MIN}) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("what is written is read back") {
  for (const std::int64_t moment : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'795'644'000'123},
                                    std::int64_t{1'709'251'199'999}, std::int64_t{253'402'300'799'999}}) {
    CHECK(parse_time(time_text({moment})) == TimeMs{moment});
  }
}

TEST_CASE("RFC 3339 section 5.6: every form of one moment") {
  for (const char* text :
       {"2026-11-25T22:00:00.123Z", "2026-11-25t22:00:00.123z", "2026-11-25 22:00:00.123Z",
        "2026-11-25T22:00:00.1239999999Z", "2026-11-26T00:00:00.123+02:00", "2026-11-25T16:30:00.123-05:30"}) {
    INFO(text);
    CHECK(parse_time(text) == TimeMs{1'795'644'000'123});
  }
  CHECK(parse_time("2026-11-25T22:00:00Z") == TimeMs{1'795'644'000'000});
  CHECK(parse_time("2026-11-25T22:00:00.1Z") == TimeMs{1'795'644'000'100});
  CHECK(parse_time("2016-12-31T23:59:60Z") == parse_time("2017-01-01T00:00:00Z"));
}

TEST_CASE("what names no moment is none") {
  for (const char* wrong :
       {"", "2026-11-25", "2026-11-25T22:00", "2026-11-25T22:00:00", "2026-11-25T22:00:00.Z", "2026-11-25T22:00:00Z ",
        "2026-11-25T22:00:00+2:00", "2026-11-25T22:00:00+0200", "2026-11-25T22:00:00+24:00", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-25T24:00:00Z",
        "2026-11-25T22:60:00Z", "2026-11-25T22:00:61Z", "26-11-25T22:00:00Z", "-026-11-25T22:00:00Z"}) {
    INFO(wrong);
    CHECK_FALSE(parse_time(wrong));
  }
}

}  // namespace tidemark
