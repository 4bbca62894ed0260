// Places per address.
#include "src/server/address_limit.h"

#include <doctest/doctest.h>

namespace tidemark {
namespace {

asio::ip::address at(const char* text) { return asio::ip::make_address(text); }

TEST_CASE("an address has as many places as it may have, and gets them back") {
  AddressLimit limit(2);
  AddressLimit::Slot a, b, c, other;
  CHECK(limit.take(at("10.0.0.1"), a));
  CHECK(limit.take(at("10.0.0.1"), b));
  CHECK_FALSE(limit.take(at("10.0.0.1"), c));
  CHECK(limit.take(at("10.0.0.2"), other));
  auto moved = b;  // as a connection does that changes its thread
  b.reset();
  CHECK_FALSE(limit.take(at("10.0.0.1"), c));
  moved.reset();
  CHECK(limit.take(at("10.0.0.1"), c));
}

TEST_CASE("a place beside another one is its address's") {
  AddressLimit limit(2);
  AddressLimit::Slot a, b, c;
  CHECK(limit.take(at("10.0.0.1"), a));
  CHECK(AddressLimit::take_beside(a, b));
  CHECK_FALSE(AddressLimit::take_beside(a, c));
  a.reset();
  CHECK(AddressLimit::take_beside(b, c));
}

TEST_CASE("addresses of IPv6 with the same first 64 bits share their places") {
  AddressLimit limit(1);
  AddressLimit::Slot a, b, c;
  CHECK(limit.take(at("2001:db8:1:2::1"), a));
  CHECK_FALSE(limit.take(at("2001:db8:1:2:ffff:ffff:ffff:fffe"), b));
  CHECK(limit.take(at("2001:db8:1:3::1"), c));
}

TEST_CASE("an address of IPv4 is the same when it is written as one of IPv6") {
  AddressLimit limit(1);
  AddressLimit::Slot a, b, c;
  CHECK(limit.take(at("::ffff:10.0.0.1"), a));
  CHECK_FALSE(limit.take(at("10.0.0.1"), b));
  CHECK(limit.take(at("::ffff:10.0.0.2"), c));
}

TEST_CASE("without a limit there are places for all, at no cost") {
  AddressLimit limit(0);
  AddressLimit::Slot slot;
  for (int i = 0; i < 1000; ++i) CHECK(limit.take(at("10.0.0.1"), slot));
  CHECK(slot == nullptr);
  CHECK(AddressLimit::take_beside(slot, slot));
}

}  // namespace
}  // namespace tidemark
