// A tail keeps the newest frames contiguous and always knows where each record begins.
#include <doctest/doctest.h>

#include <string>

#include "src/hub/tail.h"

namespace tidemark {
namespace {

void append(Tail& tail, std::uint64_t offset, std::string_view frames, std::size_t allowed) {
  if (!tail.fits(frames.size())) tail.make_room(frames.size(), allowed);
  tail.append(Offset(offset), frames);
}

TEST_CASE("a new tail holds nothing and reaches back to what comes next") {
  const Tail tail(Offset(8));
  CHECK(tail.first() == Offset(8));
  CHECK(tail.begin() == tail.end());
  CHECK(tail.position_of(Offset(8)) == tail.end());
  CHECK(tail.capacity() == 0);
}

TEST_CASE("a record's frames begin where those of the record before end, also where offsets have holes") {
  Tail tail(Offset(1));
  append(tail, 3, "three", 4096);
  append(tail, 7, "seven!", 4096);
  CHECK(tail.position_of(Offset(1)) == 0);
  CHECK(tail.position_of(Offset(3)) == 0);
  CHECK(tail.position_of(Offset(4)) == 5);
  CHECK(tail.position_of(Offset(7)) == 5);
  CHECK(tail.position_of(Offset(8)) == tail.end());
  CHECK(tail.bytes(0, 100) == "threeseven!");
  CHECK(tail.bytes(3, 4) == "eese");
}

TEST_CASE("a place names the record and how much of it lies before the cursor") {
  Tail tail(Offset(1));
  append(tail, 3, "three", 4096);
  append(tail, 7, "seven!", 4096);
  CHECK(tail.place(0).offset == Offset(3));
  CHECK(tail.place(0).sent == 0);
  CHECK(tail.place(4).offset == Offset(3));
  CHECK(tail.place(4).sent == 4);
  CHECK(tail.place(5).offset == Offset(7));
  CHECK(tail.place(5).sent == 0);
  CHECK(tail.record_end(4) == 5);
}

TEST_CASE("a full tail drops its oldest records, whole ones, and says from where on it has everything") {
  Tail tail(Offset(1));
  constexpr std::size_t kAllowed = 8192;
  const std::string frames(100, 'x');
  std::uint64_t announced_begin = 0;
  for (std::uint64_t offset = 1; offset <= 1000; ++offset) {
    if (!tail.fits(frames.size())) announced_begin = tail.begin_after_room_for(frames.size(), kAllowed);
    append(tail, offset, frames, kAllowed);
    CHECK(tail.begin() == announced_begin);
    CHECK(tail.capacity() <= kAllowed);
    REQUIRE(tail.begin() % 100 == 0);
    REQUIRE(tail.first() == Offset(tail.begin() / 100 + 1));
    REQUIRE(tail.position_of(tail.first()) == tail.begin());
  }
  CHECK(tail.end() == 100'000);
  CHECK(tail.end() - tail.begin() >= kAllowed / 2);  // it does not throw away more than it must
  CHECK(tail.bytes(tail.begin(), 1'000'000).size() == tail.end() - tail.begin());
}

TEST_CASE("a record larger than the tail may be is still held, alone") {
  Tail tail(Offset(1));
  append(tail, 1, "small", 4096);
  const std::string large(100'000, 'y');
  append(tail, 2, large, 4096);
  CHECK(tail.first() == Offset(2));
  CHECK(tail.bytes(tail.begin(), 200'000) == large);
}

TEST_CASE("a cleared tail frees its memory, keeps its positions and reaches back to what was not seen yet") {
  Tail tail(Offset(1));
  append(tail, 1, "one", 4096);
  const auto end = tail.end();
  tail.clear(Offset(9));
  CHECK(tail.end() == end);
  CHECK(tail.begin() == end);
  CHECK(tail.capacity() == 0);
  CHECK(tail.first() == Offset(10));
  append(tail, 12, "twelve", 4096);
  CHECK(tail.bytes(tail.position_of(Offset(10)), 100) == "twelve");
}

}  // namespace
}  // namespace tidemark
