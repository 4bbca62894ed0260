#include "src/log/record_batch.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "src/base/limits.h"

namespace tidemark {
namespace {

/// Of many lengths, some parts empty.
Record record(std::uint64_t number) {
  Record made;
  made.offset = Offset(number);
  made.time = {static_cast<std::int64_t>(1000 + number)};
  made.channel = "/chat/" + std::to_string(number % 7);
  made.event = number % 3 == 0 ? "" : "chat message";
  made.sender = std::string(number % 5, 's');
  made.client_key = number % 2 == 0 ? "" : std::to_string(number);
  made.payload = "\"" + std::string(number % 211, 'p') + "\"";
  made.attachments = number % 11 == 0 ? std::string(40, '\0') : "";
  return made;
}

void check_same(const RecordBatch& batch, std::uint64_t first, std::uint64_t count) {
  REQUIRE(batch.size() == count);
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Record expected = record(first + i);
    CHECK(batch.records()[i] == expected.view());
    // What memory that was given back holds may still look right.
    CHECK(batch.records()[i].channel.data() == batch.records()[0].channel.data() + bytes);
    bytes += expected.view().bytes();
  }
  CHECK(batch.bytes() == bytes);
}

}  // namespace

TEST_CASE("a batch gives back what was added, however often it had to grow, and after it was moved") {
  RecordBatch batch;
  for (std::uint64_t n = 1; n <= 2000; ++n) batch.add(record(n).view());
  check_same(batch, 1, 2000);
  const RecordBatch moved = std::move(batch);
  check_same(moved, 1, 2000);
}

TEST_CASE("a batch is used again after it was cleared, also after large records") {
  RecordBatch batch;
  for (std::uint64_t round = 0; round < 3; ++round) {
    for (std::uint64_t n = 1; n <= 300; ++n) batch.add(record(round * 1000 + n).view());
    check_same(batch, round * 1000 + 1, 300);
    Record large = record(5000);
    large.payload.assign(limits::kKeptBatchBytes, 'x');
    batch.add(large.view());
    CHECK(batch.records().back() == large.view());
    CHECK(batch.records().front() == record(round * 1000 + 1).view());
    batch.clear();
    CHECK(batch.size() == 0);
    CHECK(batch.bytes() == 0);
  }
}

}  // namespace tidemark
