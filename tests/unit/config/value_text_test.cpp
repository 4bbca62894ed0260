#include "src/config/value_text.h"

#include <doctest/doctest.h>

#include <limits>

namespace tidemark {

TEST_CASE("a duration is a number of milliseconds or has a unit") {
  CHECK(parse_duration("25000") == Millis(25'000));
  CHECK(parse_duration("0") == Millis(0));
  CHECK(parse_duration("500ms") == Millis(500));
  CHECK(parse_duration("25s") == Millis(25'000));
  CHECK(parse_duration("2m") == Millis(120'000));
  CHECK(parse_duration("1h") == Millis(3'600'000));
  CHECK(parse_duration("7d") == Millis(604'800'000));
  CHECK(parse_duration("1w") == Millis(604'800'000));
  CHECK(parse_duration("5min") == Millis(300'000));
}

TEST_CASE("a duration may be a sum") {
  CHECK(parse_duration("1h30m") == Millis(5'400'000));
  CHECK(parse_duration("1m30s500ms") == Millis(90'500));
}

TEST_CASE("a duration without digits, with a sign, blank, fraction or unknown unit is none") {
  for (const auto* text : {"", "s", "-1", "+1", " 1", "1 s", "1.5s", "1y", "1s2", "0x10"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("a size counts in powers of 1000 or 1024 as its unit says") {
  CHECK(parse_bytes("1500") == 1500);
  CHECK(parse_bytes("1MB") == 1'000'000);
  CHECK(parse_bytes("1mb") == 1'000'000);
  CHECK(parse_bytes("64KiB") == 65'536);
  CHECK(parse_bytes("1MiB") == 1'048'576);
  CHECK(parse_bytes("12B") == 12);
  CHECK_FALSE(parse_bytes("1K"));
  CHECK_FALSE(parse_bytes("1 MB"));
}

TEST_CASE("a value too large for its type is none instead of a small one") {
  CHECK(parse_number("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  CHECK_FALSE(parse_number("18446744073709551616"));
  CHECK_FALSE(parse_bytes("18446744073709551615KiB"));
  CHECK_FALSE(parse_duration("18446744073709551615"));
  CHECK_FALSE(parse_duration("9223372036854775807d"));
  CHECK(parse_duration("9223372036854775807ms") == Millis::max());
  CHECK_FALSE(parse_duration("9223372036854775807ms1ms"));
}

TEST_CASE("a value is written with its largest whole unit and reads back as itself") {
  CHECK(duration_text(Millis(25'000)) == "25s");
  CHECK(duration_text(Millis(1'500)) == "1500ms");
  CHECK(duration_text(Millis(0)) == "0ms");
  CHECK(bytes_text(1'000'000) == "1MB");
  CHECK(bytes_text(65'536) == "64KiB");
  CHECK(bytes_text(1'500) == "1500B");
  for (const std::uint64_t value : {0U, 1U, 999U, 1000U, 1024U, 60'000U, 86'400'000U, 1'000'001U, 64U << 20U}) {
    CAPTURE(value);
    CHECK(parse_bytes(bytes_text(value)) == value);
    CHECK(parse_duration(duration_text(Millis(value))) == Millis(value));
  }
}

}  // namespace tidemark
