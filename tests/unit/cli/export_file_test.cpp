#include "src/cli/export_file.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "src/base/command_limits.h"

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

TEST_CASE("offsets that leave no room, or a hole that nobody could step over, are refused") {
  const auto of = [](std::uint64_t head, std::uint64_t hole) {
    return fmt::format(R"({{"tidemark_export":1,"epoch":"3f9c2a7be01d4c58","first":1,"head":{},)"
                       R"("holes":[{{"from":1,"to":{}}}]}})",
                       head, hole);
  };
  CHECK(parse_export_header(of(limits::kImportedHead, limits::kImportedHoles)));
  CHECK(refused(of(limits::kImportedHead + 1, 1)).find("no room") != std::string::npos);
  CHECK(refused(of(limits::kImportedHead, limits::kImportedHoles + 1)).find("in its holes") != std::string::npos);
}

TEST_CASE("the last line of an export stands for its first one, and for its records in their order") {
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
  auto changed = two;
  changed.payload = "2";
  const auto digest_of = [](std::initializer_list<RecordView> records) {
    RecordDigest digest;
    for (const RecordView& record : records) digest.add(record);
    return digest;
  };
  const auto header = export_header(outline(), "sqlite", {1'764'108'000'123});
  const auto end = export_end(digest_of({one, two}), header);
  const auto says = [&](const RecordDigest& records, std::string_view first_line) {
    const auto checked = check_export_end(end, records, first_line);
    REQUIRE(checked);
    return *checked ? std::string() : checked->error().context;
  };
  CHECK(says(digest_of({one, two}), header).empty());
  CHECK(says(digest_of({one, two}), header.substr(0, header.size() - 1)).empty());
  CHECK(says(digest_of({two, one}), header).find("checksum") != std::string::npos);
  CHECK(says(digest_of({one, changed}), header).find("checksum") != std::string::npos);
  CHECK(says(digest_of({one, two}), export_header(outline(), "sqlite", {1})).find("checksum") != std::string::npos);
  CHECK(says(digest_of({one}), header) == "the export had 2 records and here are 1");
  CHECK_FALSE(check_export_end(R"({"offset":1})", {}, header));
  CHECK_FALSE(check_export_end(R"({"end":{"records":1}})", {}, header));
}

}  // namespace tidemark::cli
