// Connections per address.
#include "src/server/address_limit.h"

#include <doctest/doctest.h>

namespace tidemark {
namespace {

TEST_CASE("an address has as many places as it may have, and gets them back") {
  AddressLimit limit(2);
  AddressLimit::Slot a, b, c, other;
  CHECK(limit.take("10.0.0.1", a));
  CHECK(limit.take("10.0.0.1", b));
  CHECK_FALSE(limit.take("10.0.0.1", c));
  CHECK(limit.take("10.0.0.2", other));
  auto moved = b;  // as a connection does that changes its thread
  b.reset();
  CHECK_FALSE(limit.take("10.0.0.1", c));
  moved.reset();
  CHECK(limit.take("10.0.0.1", c));
}

TEST_CASE("without a limit there are places for all, at no cost") {
  AddressLimit limit(0);
  AddressLimit::Slot slot;
  for (int i = 0; i < 1000; ++i) CHECK(limit.take("10.0.0.1", slot));
  CHECK(slot == nullptr);
}

}  // namespace
}  // namespace tidemark
