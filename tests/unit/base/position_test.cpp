// Offsets, epochs and the position string that clients store.
#include "src/base/position.h"

#include <doctest/doctest.h>

#include <string>

namespace tidemark {

TEST_CASE("offset 0 is before the first, and nothing is before it") {
  CHECK(Offset() == Offset(0));
  CHECK(Offset().previous() == Offset(0));
  CHECK(Offset().next() == Offset(1));
  CHECK(Offset(17).previous() == Offset(16));
  CHECK(Offset(16) < Offset(17));
  CHECK(Offset::kMax == 9'007'199'254'740'991);
}

TEST_CASE("an epoch is 16 lower-case hexadecimal digits and comes back from them") {
  CHECK(Epoch(0x1f).text() == "000000000000001f");
  CHECK(Epoch::parse("3f9c2a7be01d4c58") == Epoch(0x3f9c2a7be01d4c58));
  for (const char* wrong :
       {"", "3f9c2a7be01d4c5", "3f9c2a7be01d4c588", "3F9C2A7BE01D4C58", "3f9c2a7be01d4c5g", "0x9c2a7be01d4c58"}) {
    CHECK_FALSE(Epoch::parse(wrong));
  }
}

TEST_CASE("the epoch that stands for one which cannot be read says so, and nothing that says it is an epoch") {
  CHECK(Epoch().text() == "unreadable");
  CHECK(Position{Epoch(), Offset(17)}.text() == "unreadable.17");
  for (const char* wrong : {"unreadable", "0000000000000000"}) CHECK_FALSE(Epoch::parse(wrong));
  CHECK_FALSE(Position::parse("0000000000000000.17"));
}

TEST_CASE("two logs get two epochs") { CHECK(Epoch::random() != Epoch::random()); }

TEST_CASE("a position comes back from its text") {
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{17}, Offset::kMax}) {
    const Position position{Epoch(0x3f9c2a7be01d4c58), Offset(offset)};
    CHECK(Position::parse(position.text()) == position);
  }
  CHECK(Position{Epoch(0x3f9c2a7be01d4c58), Offset(17)}.text() == "3f9c2a7be01d4c58.17");
}

TEST_CASE("a text that no position has is none") {
  for (const char* wrong : {"", "17", "3f9c2a7be01d4c58", "3f9c2a7be01d4c58.", "3f9c2a7be01d4c58.017",
                            "3f9c2a7be01d4c58.+1", "3f9c2a7be01d4c58.-1", "3f9c2a7be01d4c58. 1", "3f9c2a7be01d4c58.1 ",
                            "3f9c2a7be01d4c58.1x", "3f9c2a7be01d4c58,17", "3f9c2a7be01d4c5.17", "3F9C2A7BE01D4C58.17",
                            "3f9c2a7be01d4c58.9007199254740992", "3f9c2a7be01d4c58.99999999999999999999999"}) {
    INFO(wrong);
    CHECK_FALSE(Position::parse(wrong));
  }
}

}  // namespace tidemark
