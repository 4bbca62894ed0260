// The JSON form of a record: one line, and nothing lost on the way there and back.
#include "protocol/record_json.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "protocol/json/json.h"
#include "src/base/attachments.h"

using namespace tidemark;
using namespace std::string_view_literals;

namespace {

Record record_with(std::string payload) {
  Record record;
  record.offset = Offset(17);
  record.time = {1'795'644'000'123};
  record.channel = "/";
  record.event = "chat message";
  record.sender = "Ann";
  record.payload = std::move(payload);
  return record;
}

std::string json_of(const Record& record) {
  std::string out;
  append_record_json(out, record.view());
  return out;
}

void check_way_back(const Record& record) {
  const std::string text = json_of(record);
  INFO(text);
  CHECK(json::is_valid(text, 70));
  CHECK_FALSE(text.contains('\n'));
  CHECK_FALSE(text.contains('\r'));
  const auto back = parse_record_json(text);
  REQUIRE_MESSAGE(back.has_value(), (back ? "" : back.error().context));
  CHECK(*back == record);
}

std::string why_not(std::string_view line) {
  const auto parsed = parse_record_json(line);
  if (parsed) return "it was read";
  CHECK(parsed.error().code == ErrorCode::invalid_argument);
  return parsed.error().context;
}

}  // namespace

TEST_CASE("a record as JSON: members in their order, the key only if there is one") {
  Record record = record_with(R"({"text":"hello"})");
  CHECK(json_of(record) == R"({"offset":17,"time":"2026-11-25T22:00:00.123Z","channel":"/","event":"chat message",)"
                           R"("sender":"Ann","payload":{"text":"hello"}})");
  record.client_key = "k\"1";
  CHECK(json_of(record) == R"({"offset":17,"time":"2026-11-25T22:00:00.123Z","channel":"/","event":"chat message",)"
                           R"("sender":"Ann","key":"k\"1","payload":{"text":"hello"}})");
}

TEST_CASE("a payload's bytes stand in it as they were sent") {
  for (const auto payload : {"1.0e3"sv, "123456789012345678901234567890"sv, R"({"b":1,"a":2,"b":3})"sv,
                             R"("\u0000\u2028 \ud83d")"sv, "\"\xe2\x80\xa8 \xf0\x9f\x8c\x8a\""sv, R"({ "a" : 1 })"sv}) {
    const Record record = record_with(std::string(payload));
    CHECK(json_of(record).ends_with(std::string(R"("payload":)") + std::string(payload) + "}"));
    check_way_back(record);
  }
}

TEST_CASE("a payload that was sent over several lines stands in one, and its exact text beside it") {
  const Record record = record_with("{\r\n\t\"a\": \"x\\ny\"\n}");
  CHECK(json_of(record).ends_with(
      "\"payload\":{  \t\"a\": \"x\\ny\" },\"text\":\"{\\r\\n\\t\\\"a\\\": \\\"x\\\\ny\\\"\\n}\"}"));
  check_way_back(record);
}

TEST_CASE("attachments are base64, in the order of their placeholders") {
  Record record = record_with(R"([{"_placeholder":true,"num":0},{"num":1,"_placeholder":true}])");
  append_attachment(record.attachments, "\x00\xff"sv);
  append_attachment(record.attachments, ""sv);
  CHECK(json_of(record).ends_with(R"(,"attachments":["AP8=",""]})"));
  check_way_back(record);
}

TEST_CASE("whatever texts a record has come back") {
  Record record = record_with(R"("x")");
  record.channel = "/chat/\"quoted\"\\ \xe2\x82\xac";
  record.event = "a\tb";
  record.sender = std::string("\0\x1f\x7f", 3);
  record.client_key = "\n";
  check_way_back(record);
  record.sender.clear();
  check_way_back(record);
}

TEST_CASE("members may come in any order and others are ignored") {
  const auto record = parse_record_json(
      R"( {"payload": 1 ,"event":"e","x":[{}],"channel":"/a","time":"2026-11-25T22:00:00.123Z","offset":17} )");
  REQUIRE(record.has_value());
  CHECK(record->payload == "1");
  CHECK(record->channel == "/a");
  CHECK(record->sender.empty());
}

TEST_CASE("what is no record is refused with the member's name") {
  const auto with = [](std::string_view offset, std::string_view time, std::string_view channel,
                       std::string_view rest) {
    return R"({"offset":)" + std::string(offset) + R"(,"time":)" + std::string(time) + R"(,"channel":)" +
           std::string(channel) + std::string(rest) + "}";
  };
  constexpr auto kTime = R"("2026-11-25T22:00:00Z")"sv;
  constexpr auto kRest = R"(,"event":"e","payload":1)"sv;
  CHECK(parse_record_json(with("17", kTime, R"("/")", kRest)));
  CHECK(why_not("17").contains("JSON object"));
  CHECK(why_not(R"({"offset":17)").contains("JSON object"));
  CHECK(why_not(with("17", kTime, "\"/\xff\"", kRest)).contains("UTF-8"));
  CHECK(why_not(with("0", kTime, R"("/")", kRest)).contains("\"offset\""));
  CHECK(why_not(with("1.5", kTime, R"("/")", kRest)).contains("\"offset\""));
  CHECK(why_not(with("9007199254740992", kTime, R"("/")", kRest)).contains("\"offset\""));
  CHECK(why_not(with("17", "17", R"("/")", kRest)).contains("\"time\""));
  CHECK(why_not(with("17", kTime, R"("chat")", kRest)).contains("\"channel\""));
  CHECK(
      why_not(with("17", kTime, '"' + std::string("/") + std::string(255, 'x') + '"', kRest)).contains("\"channel\""));
  CHECK(why_not(with("17", kTime, R"("/")", R"(,"payload":1)")).contains("\"event\""));
  CHECK(why_not(with("17", kTime, R"("/")", R"(,"event":"e")")).contains("\"payload\""));
  CHECK(why_not(with("17", kTime, R"("/")", R"(,"event":"e","payload":1,"key":2)")).contains("\"key\""));
  CHECK(why_not(with("17", kTime, R"("/")", R"(,"event":"e","payload":1,"text":"[1")")).contains("\"text\""));
  CHECK(why_not(with("17", kTime, R"("/")", R"(,"event":"e","payload":1,"attachments":["A"])")).contains("base64"));
  constexpr auto kPlaceholder = R"(,"event":"e","payload":{"_placeholder":true,"num":1})"sv;
  CHECK(why_not(with("17", kTime, R"("/")", std::string(kPlaceholder) + R"(,"attachments":["AA=="])"))
            .contains("placeholders"));
  CHECK(parse_record_json(with("17", kTime, R"("/")", kPlaceholder)));  // an object like any other
}
