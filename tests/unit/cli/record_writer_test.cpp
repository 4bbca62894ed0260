#include "src/cli/record_writer.h"

#include <doctest/doctest.h>

#include "src/base/attachments.h"

namespace tidemark::cli {
namespace {

const RecordView kRecord{.offset = Offset(17),
                         .time = {1'764'108'000'123},
                         .channel = "/chat/pier",
                         .event = "chat message",
                         .sender = "Ann",
                         .client_key = "k1",
                         .payload = R"({"text":"hello"})",
                         .attachments = ""};

std::string line(RecordWriter::Style style, const RecordView& record = kRecord) {
  RecordWriter writer(std::move(style));
  writer.set_epoch(Epoch(0x3f9c2a7be01d4c58));
  std::string out;
  writer.append(out, record);
  return out;
}

std::string formatted(std::string_view text, const RecordView& record = kRecord, bool terminal = false) {
  auto parsed = RecordTemplate::parse(text);
  REQUIRE_MESSAGE(parsed, parsed.error().context);
  return line({.by_template = std::move(*parsed), .terminal = terminal}, record);
}

std::string refused(std::string_view text) {
  const auto parsed = RecordTemplate::parse(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == ErrorCode::invalid_argument);
  return parsed.error().context;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("text is a line for people") {
  CHECK(line({}) == "17  2025-11-25T22:00:00.123Z  /chat/pier  Ann  {\"text\":\"hello\"}\n");
}

TEST_CASE("JSON and the payload alone are harmless on a terminal, and as they are elsewhere") {
  auto record = kRecord;
  record.payload = "\"\u009b2J\u202e\"";
  using enum RecordWriter::Form;
  CHECK(line({.form = raw}, record) == "\"\u009b2J\u202e\"\n");
  CHECK(line({.form = raw, .terminal = true}, record) == "\"\\u009b2J\\u202e\"\n");
  CHECK(contains(line({.form = json}, record), "\u009b2J\u202e"));
  CHECK(contains(line({.form = json, .terminal = true}, record), R"("payload":"\u009b2J\u202e")"));
}

TEST_CASE("a template's line has no line break but its own") {
  auto record = kRecord;
  record.sender = "a\nFAKE\r";
  CHECK(formatted("{sender}|\\n{offset}", record) == "a\\nFAKE\\r|\n17\n");
}

TEST_CASE("text names an event that is not the usual one, and counts binary parts") {
  auto record = kRecord;
  record.event = "drawing";
  std::string attachments;
  append_attachment(attachments, "12345");
  append_attachment(attachments, "6");
  record.attachments = attachments;
  CHECK(contains(line({}, record), "  /chat/pier  drawing  Ann  "));
  CHECK(contains(line({}, record), "  [2 binary parts, 6 bytes]\n"));
}

TEST_CASE("text has colours only if asked, and never those of a sender") {
  auto record = kRecord;
  record.sender = "\x1b[31mred";
  CHECK_FALSE(contains(line({}, record), "\x1b"));
  const auto coloured = line({.coloured = true}, record);
  CHECK(contains(coloured, "\x1b[33m17\x1b[0m"));
  CHECK(contains(coloured, "\\x1b[31mred"));
}

TEST_CASE("raw is the payload alone") { CHECK(line({.form = RecordWriter::Form::raw}) == "{\"text\":\"hello\"}\n"); }

TEST_CASE("json is the one JSON form of a record") {
  CHECK(line({.form = RecordWriter::Form::json}) ==
        R"({"offset":17,"time":"2025-11-25T22:00:00.123Z","channel":"/chat/pier","event":"chat message",)"
        R"("sender":"Ann","key":"k1","payload":{"text":"hello"}})"
        "\n");
}

TEST_CASE("each record is given its own time") {
  RecordWriter writer({});
  std::string out;
  auto record = kRecord;
  writer.append(out, record);
  record.time.value += 1;
  writer.append(out, record);
  CHECK(contains(out, "22:00:00.123Z"));
  CHECK(contains(out, "22:00:00.124Z"));
}

TEST_CASE("a template is filled in, field by field") {
  CHECK(formatted("{offset} {time} {channel} {event} {sender} {key} {payload} {attachments} {position}") ==
        "17 2025-11-25T22:00:00.123Z /chat/pier chat message Ann k1 {\"text\":\"hello\"} 0 3f9c2a7be01d4c58.17\n");
  CHECK(formatted(R"({{{offset}}}\t\\{json})").starts_with("{17}\t\\{\"offset\":17,"));
  CHECK(formatted("") == "\n");
}

TEST_CASE("what a template writes is harmless on a terminal, and untouched elsewhere") {
  auto record = kRecord;
  record.sender = "\x1b[2J";
  CHECK(formatted("{sender}", record) == "\x1b[2J\n");
  CHECK(formatted("{sender}", record, true) == "\\x1b[2J\n");
}

TEST_CASE("a template with a mistake is refused with what is meant") {
  CHECK(contains(refused("{offst}"), "no field {offst}; did you mean {offset}?"));
  CHECK(contains(refused("{colour}"), "there are offset, time, channel"));
  CHECK(contains(refused("{offset"), "without its }"));
  CHECK(contains(refused("offset}"), "without its {"));
}

}  // namespace tidemark::cli
