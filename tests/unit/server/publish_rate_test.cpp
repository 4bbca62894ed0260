// Events a second of one connection.
#include "src/server/publish_rate.h"

#include <doctest/doctest.h>

namespace tidemark {
namespace {

int taken_at(PublishRate& rate, Millis now, int tries) {
  int taken = 0;
  for (int i = 0; i < tries; ++i) taken += rate.take(now) ? 1 : 0;
  return taken;
}

TEST_CASE("a second's worth at once, then as many as time brings back") {
  PublishRate rate(10);
  CHECK(taken_at(rate, Millis(1'000'000), 100) == 10);
  CHECK(taken_at(rate, Millis(1'000'099), 100) == 0);
  CHECK(taken_at(rate, Millis(1'000'100), 100) == 1);
  CHECK(taken_at(rate, Millis(1'000'600), 100) == 5);
  CHECK(taken_at(rate, Millis(9'000'000), 100) == 10);  // longer silence is not saved up
}

TEST_CASE("over a long time the rate, however often it is asked for") {
  PublishRate rate(3);
  int taken = 0;
  for (int ms = 0; ms <= 60'000; ++ms) taken += taken_at(rate, Millis(ms), 2);
  CHECK(taken == 3 + 3 * 60);  // those at once at the start, then three for each second
}

TEST_CASE("zero is no limit") {
  PublishRate rate(0);
  CHECK(taken_at(rate, Millis(1), 1000) == 1000);
}

}  // namespace
}  // namespace tidemark
