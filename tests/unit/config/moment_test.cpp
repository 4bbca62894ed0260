#include "src/config/moment.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <time.h>

#include <optional>
#include <string>

#include "src/base/time_text.h"

namespace tidemark {
namespace {

/// This machine is in Berlin for the length of a test.
class InBerlin {
 public:
  InBerlin() {
    if (const char* zone = ::getenv("TZ")) before_ = zone;
    ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    ::tzset();
  }
  InBerlin(const InBerlin&) = delete;
  InBerlin& operator=(const InBerlin&) = delete;
  ~InBerlin() {
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }

 private:
  std::optional<std::string> before_;
};

const TimeMs kNow = *parse_time("2026-07-02T15:04:05.678Z");

std::string moment(std::string_view text) {
  const auto parsed = parse_moment(text, kNow);
  return parsed ? time_text(*parsed) : "none";
}

}  // namespace

TEST_CASE("a moment is a time ago") {
  CHECK(moment("10m") == "2026-07-02T14:54:05.678Z");
  CHECK(moment("2h") == "2026-07-02T13:04:05.678Z");
  CHECK(moment("1d") == "2026-07-01T15:04:05.678Z");
  CHECK(moment("1h30m") == "2026-07-02T13:34:05.678Z");
  CHECK(moment("5min") == "2026-07-02T14:59:05.678Z");
  CHECK(moment("1w") == "2026-06-25T15:04:05.678Z");
  CHECK(moment("now") == "2026-07-02T15:04:05.678Z");
}

TEST_CASE("a moment is a date with a zone") {
  CHECK(moment("2026-01-02T15:04Z") == "2026-01-02T15:04:00.000Z");
  CHECK(moment("2026-01-02 15:04:05Z") == "2026-01-02T15:04:05.000Z");
  CHECK(moment("2026-01-02T15:04:05.123+01:00") == "2026-01-02T14:04:05.123Z");
  CHECK(moment("2026-01-02T15:04-02:30") == "2026-01-02T17:34:00.000Z");
}

TEST_CASE("a moment without a zone is this machine's time, summer and winter") {
  const InBerlin here;
  CHECK(moment("2026-01-02T15:04") == "2026-01-02T14:04:00.000Z");
  CHECK(moment("2026-07-02 15:04:05.1") == "2026-07-02T13:04:05.100Z");
  CHECK(moment("2026-01-02") == "2026-01-01T23:00:00.000Z");
  CHECK(moment("today") == "2026-07-01T22:00:00.000Z");
  CHECK(moment("yesterday") == "2026-06-30T22:00:00.000Z");
}

TEST_CASE("a moment is a time of day, the last one that was") {
  const InBerlin here;  // where it is 17:04
  CHECK(moment("06:00") == "2026-07-02T04:00:00.000Z");
  CHECK(moment("6:00") == "2026-07-02T04:00:00.000Z");
  CHECK(moment("17:04:05.678") == "2026-07-02T15:04:05.678Z");
  CHECK(moment("17:05") == "2026-07-01T15:05:00.000Z");
  CHECK(moment("15:04Z") == "2026-07-02T15:04:00.000Z");
  CHECK(moment("15:05Z") == "2026-07-01T15:05:00.000Z");
  // Beyond UTC's midnight it is tomorrow at once, and behind it still yesterday.
  CHECK(moment("01:04+10:00") == "2026-07-02T15:04:00.000Z");
  CHECK(moment("23:59-10:00") == "2026-07-02T09:59:00.000Z");
}

TEST_CASE("what could mean anything is no moment") {
  for (const auto* text : {"",
                           "10",
                           "2026",
                           "tomorrow",
                           "10x",
                           "2026-13-01",
                           "2026-02-30",
                           "2026-01-02T25:00",
                           "2026-01-02T15",
                           "2026-01-02T15:04:61x",
                           "1969-12-31",
                           "99999999d",
                           "-5m",
                           "1h30",
                           "h",
                           "10 m",
                           "24:00",
                           "06:60",
                           "06:",
                           "6",
                           "006:00",
                           "06:00x",
                           ":30"}) {
    CAPTURE(text);
    CHECK(moment(text) == "none");
    CHECK_FALSE(why_no_moment(text).empty());
  }
}

}  // namespace tidemark
