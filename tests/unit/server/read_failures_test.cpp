// A damaged place is told once and then at most once a minute, and the places that are kept have a bound.
#include "src/server/read_failures.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "src/base/limits.h"

namespace tidemark {
namespace {

const Error kSeven{ErrorCode::corrupt, "offset 7", Offset(7)};
const Error kNine{ErrorCode::io, "offset 9"};
constexpr TimeMs kWall{1'000};
constexpr Millis kMinute = limits::kReadFailureLinePause;

}  // namespace

TEST_CASE("whoever meets a damaged place again is counted, and told of once a minute") {
  ReadFailures failures;
  CHECK(failures.note(kSeven, kWall, Millis(0)) == 1);
  for (int client = 0; client < 100; ++client) CHECK_FALSE(failures.note(kSeven, kWall, Millis(1)));
  CHECK(failures.note(kNine, kWall, Millis(1)) == 1);  // another place is news
  CHECK(failures.note(kSeven, TimeMs{2'000}, kMinute) == 101);
  CHECK_FALSE(failures.note(kSeven, kWall, 2 * kMinute - Millis(1)));
  CHECK(failures.count() == 104);
}

TEST_CASE("a damaged record is one place, whatever its readers say of it") {
  ReadFailures failures;
  CHECK(failures.note(kSeven, kWall, Millis(0)) == 1);
  CHECK_FALSE(failures.note({ErrorCode::io, "the record is offset 7", Offset(7)}, kWall, Millis(0)));
  CHECK(failures.note({ErrorCode::corrupt, "offset 7", Offset(8)}, kWall, Millis(0)) == 1);
  CHECK(failures.places().size() == 2);
}

TEST_CASE("what could not be read is kept with how often and when") {
  ReadFailures failures;
  CHECK(failures.places().empty());
  static_cast<void>(failures.note(kSeven, kWall, Millis(0)));
  static_cast<void>(failures.note(kNine, kWall, Millis(0)));
  static_cast<void>(failures.note(kSeven, TimeMs{2'000}, Millis(1)));
  const auto places = failures.places();
  REQUIRE(places.size() == 2);
  CHECK(places[0].sentence == "offset 7");
  CHECK(places[0].times == 2);
  CHECK(places[0].last == TimeMs{2'000});
  CHECK(places[0].record == Offset(7));
  CHECK(places[1].sentence == "offset 9");
  CHECK(places[1].record == Offset());
}

TEST_CASE("a log that is damaged everywhere fills neither the memory nor the journal") {
  ReadFailures failures;
  std::size_t lines = 0;
  for (std::size_t offset = 0; offset < 10 * limits::kReadFailuresKept; ++offset) {
    if (failures.note({ErrorCode::corrupt, fmt::format("offset {}", offset)}, kWall, Millis(0))) ++lines;
  }
  CHECK(failures.places().size() == limits::kReadFailuresKept);
  CHECK(lines == limits::kReadFailuresKept + 1);  // and one for all the others
  CHECK(failures.count() == 10 * limits::kReadFailuresKept);
}

}  // namespace tidemark
