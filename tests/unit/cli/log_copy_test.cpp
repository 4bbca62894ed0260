#include "src/cli/log_copy.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "backends/registry.h"
#include "tests/unit/config/temporary_directory.h"

namespace tidemark::cli {
namespace {

constexpr std::uint64_t kRecords = 20;

Record record(std::uint64_t offset) {
  Record made;
  made.offset = Offset(offset);
  made.time = {static_cast<std::int64_t>(1000 + offset)};
  made.channel = "/chat/a";
  made.event = "chat message";
  made.sender = "Ada";
  made.client_key = fmt::format("key-{}", offset);
  made.payload = fmt::format("\"{}\"", offset);
  return made;
}

LogOutline outline() {
  return {.state = {Epoch(7), Offset(3), Offset(kRecords)}, .holes = {}, .losses = {{"/chat/a", Offset(2)}}};
}

RecordDigest digest(const Record* last = nullptr) {
  RecordDigest made;
  for (std::uint64_t offset = 3; offset < kRecords; ++offset) made.add(record(offset).view());
  made.add(last == nullptr ? record(kRecords).view() : last->view());
  return made;
}

/// What proving a sound new log says, where the copied one is said to be this.
std::string proof(const std::string& engine, const LogOutline& copied, const RecordDigest& records) {
  const TemporaryDirectory place;
  auto directory = NewDirectory::begin(place.path() / "new");
  REQUIRE_MESSAGE(directory, directory.error().context);
  auto builder = builder_in(*directory, engine, outline());
  REQUIRE(builder.begin());
  for (std::uint64_t offset = 3; offset <= kRecords; ++offset) REQUIRE(builder.add(record(offset).view()));
  REQUIRE(builder.finish());
  const auto proved = prove(*directory, engine, copied, records);
  if (proved) return "the same";
  CHECK(proved.error().code == ErrorCode::corrupt);
  return proved.error().context;
}

bool names(const std::string& sentence, std::string_view what) {
  INFO(sentence);
  return sentence.starts_with(fmt::format("the new log differs from the old one in {};", what));
}

}  // namespace

TEST_CASE("a new log is proved against what was copied: its records, its epoch, its end and its losses") {
  for (const std::string engine : {"sqlite", "rocksdb"}) {
    CAPTURE(engine);
    CHECK(proof(engine, outline(), digest()) == "the same");

    Record other = record(kRecords);
    other.payload.back() = 'x';
    CHECK(names(proof(engine, outline(), digest(&other)), "its records"));
    other = record(kRecords);
    ++other.time.value;
    CHECK(names(proof(engine, outline(), digest(&other)), "its records"));

    LogOutline copied = outline();
    copied.state.epoch = Epoch(8);
    CHECK(names(proof(engine, copied, digest()), "its epoch"));
    copied = outline();
    copied.state.head = Offset(kRecords + 1);
    CHECK(names(proof(engine, copied, digest()), "where it ends"));
    copied = outline();
    copied.losses["/chat/a"] = Offset(1);
    CHECK(names(proof(engine, copied, digest()), "what is gone of it"));
  }
}

}  // namespace tidemark::cli
