#include "src/cli/export_file.h"

#include <doctest/doctest.h>

namespace tidemark::cli {
namespace {

LogOutline outline() {
  LogOutline made{.state = {Epoch(0x3f9c2a7be01d4c58), Offset(8), Offset(30)}, .holes = {}, .losses = {}};
  made.holes.add({Offset(13), Offset(13)});
  made.holes.add({Offset(20), Offset(22)});
  made.losses = {{"", Offset(5)}, {"/chat/\"pier\"", Offset(7)}};
  return made;
}

std::string refused(std::string_view line) {
  const auto parsed = parse_export_header(line);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == ErrorCode::invalid_argument);
  return parsed.error().context;
}

}  // namespace

TEST_CASE("the first line of an export is read back as it was written") {
  const auto written = export_header(outline(), "sqlite", {1'764'108'000'123});
  CHECK(written.ends_with("\n"));
  const auto read = parse_export_header(written);
  REQUIRE_MESSAGE(read, read.error().context);
  CHECK(read->state.epoch == outline().state.epoch);
  CHECK(read->state.first == outline().state.first);
  CHECK(read->state.head == outline().state.head);
  CHECK(read->holes == outline().holes);
  CHECK(read->losses == outline().losses);
}

TEST_CASE("an empty log and one of which all is trimmed have a first line, too") {
  for (const StoreState state :
       {StoreState{Epoch(1), Offset(1), Offset(0)}, StoreState{Epoch(1), Offset(11), Offset(10)}}) {
    const auto read = parse_export_header(export_header({.state = state, .holes = {}, .losses = {}}, "rocksdb", {}));
    REQUIRE_MESSAGE(read, read.error().context);
    CHECK(read->state.first == state.first);
    CHECK(read->state.head == state.head);
  }
}

TEST_CASE("a first line that says nonsense is refused") {
  CHECK(refused("").find("no export") != std::string::npos);
  CHECK(refused("{}").find("no export") != std::string::npos);
  CHECK(refused(R"({"tidemark_export":2})").find("version 2") != std::string::npos);
  const std::string head = R"({"tidemark_export":1,"epoch":"3f9c2a7be01d4c58","first":5,"head":9)";
  REQUIRE(parse_export_header(head + "}"));
  CHECK_FALSE(parse_export_header(R"({"tidemark_export":1,"epoch":"x","first":1,"head":9})"));
  CHECK_FALSE(parse_export_header(R"({"tidemark_export":1,"epoch":"3f9c2a7be01d4c58","first":11,"head":9})"));
  CHECK_FALSE(parse_export_header(head + R"(,"holes":[{"from":7,"to":6}]})"));
  CHECK_FALSE(parse_export_header(head + R"(,"holes":[{"from":7,"to":10}]})"));
  CHECK_FALSE(parse_export_header(head + R"(,"losses":[{"channel":"/","last":5}]})"));
}

TEST_CASE("the last line of an export is known, and stands for its records in their order") {
  const RecordView one{.offset = Offset(1),
                       .time = {1},
                       .channel = "/",
                       .event = "e",
                       .sender = "s",
                       .client_key = "",
                       .payload = "1",
                       .attachments = ""};
  auto two = one;
  two.offset = Offset(2);
  RecordDigest digest;
  digest.add(one);
  digest.add(two);
  const auto end = parse_export_end(export_end(digest));
  REQUIRE(end);
  CHECK(*end == digest);

  RecordDigest turned;
  turned.add(two);
  turned.add(one);
  CHECK(turned != digest);
  auto changed = two;
  changed.payload = "2";
  RecordDigest other;
  other.add(one);
  other.add(changed);
  CHECK(other != digest);
  CHECK_FALSE(parse_export_end(R"({"offset":1})"));
  CHECK_FALSE(parse_export_end(R"({"end":{"records":1}})"));
}

}  // namespace tidemark::cli
