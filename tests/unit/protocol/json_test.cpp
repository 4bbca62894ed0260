// What passes json::is_valid must be exactly what a subscriber's JSON.parse takes, and what is cut out of it must be
// the publisher's bytes.
#include "protocol/json/json.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace tidemark;
using namespace std::string_view_literals;

namespace {

constexpr int kDepth = 64;

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::string nested_arrays(int depth) { return repeated("[", depth) + repeated("]", depth); }

struct Member {
  std::string key;
  std::string value;
  bool operator==(const Member&) const = default;
};

std::vector<Member> members(std::string_view object) {
  std::vector<Member> all;
  json::for_each_member(object, [&](std::string_view key, std::string_view value) {
    all.push_back({std::string(key), std::string(value)});
    return true;
  });
  return all;
}

}  // namespace

TEST_CASE("RFC 8259 section 2 to 7: what JSON.parse takes is valid") {
  for (const std::string_view text : {
           "null"sv,
           "true"sv,
           "false"sv,
           "0"sv,
           "-0"sv,
           "-0.0e-0"sv,
           "17"sv,
           "1E5"sv,
           "1e+5"sv,
           "1.5e-7"sv,
           "123456789012345678901234567890"sv,
           "1e999"sv,
           "-1e-999"sv,
           R"("")"sv,
           R"("a")"sv,
           R"("12345678")"sv,
           R"("1234567")"sv,
           R"("\"\\\/\b\f\n\r\t\u00e9\uD83C\uDF0A")"sv,
           R"("\ud800")"sv,  // a lone surrogate, escaped: JSON.parse takes it
           R"("\udc00\ud800")"sv,
           "\"\x7f \xe2\x80\xa8 \xf0\x9f\x8c\x8a\""sv,  // DEL, U+2028 and an emoji stand for themselves
           "[]"sv,
           "{}"sv,
           " [ ] "sv,
           "\t\n\r {\t\n\r } \t\n\r"sv,
           "[1,2 , 3]"sv,
           R"({"a":1,"a":2})"sv,
           R"({"":{"":[{}]}})"sv,
           R"({"__proto__":null,"constructor":{},"a\u0000":1})"sv,
           R"([[],{},[[]],[{"x":[]}]])"sv,
       }) {
    CAPTURE(text);
    CHECK(json::is_valid(text, kDepth));
  }
}

TEST_CASE("RFC 8259 section 2 to 7: what JSON.parse refuses is not valid") {
  for (const std::string_view text : {
           ""sv,
           " "sv,
           "nul"sv,
           "nulll"sv,
           "NULL"sv,
           "True"sv,
           "undefined"sv,
           "NaN"sv,
           "Infinity"sv,
           "-"sv,
           "+1"sv,
           "01"sv,
           "-01"sv,
           "1."sv,
           ".5"sv,
           "1.e5"sv,
           "1e"sv,
           "1e+"sv,
           "0x10"sv,
           "1 2"sv,
           "1,"sv,
           "--1"sv,
           "1_000"sv,
           "\""sv,
           "\"a"sv,
           "'a'"sv,
           "\"\\\""sv,
           "\"\\x41\""sv,
           "\"\\u12\""sv,
           "\"\\u12g4\""sv,
           "\"\\u"sv,
           "\"\\"sv,
           "\"\\U0041\""sv,
           "\"\n\""sv,
           "\"\t\""sv,
           "\"\0\""sv,
           "\"12345678\x1f\""sv,
           "["sv,
           "]"sv,
           "[1"sv,
           "[1,]"sv,
           "[,1]"sv,
           "[1 2]"sv,
           "[1}"sv,
           "[1]]"sv,
           "[\"a\"]]"sv,
           "{"sv,
           "}"sv,
           "{]"sv,
           "{\"a\"}"sv,
           "{\"a\":}"sv,
           "{\"a\":1,}"sv,
           "{,\"a\":1}"sv,
           "{a:1}"sv,
           "{1:1}"sv,
           "{\"a\" 1}"sv,
           "{\"a\":1 \"b\":2}"sv,
           "{\"x\":nope}"sv,
           "{\"a\":1]"sv,
           "[1]//x"sv,
           "/**/1"sv,
           "\xef\xbb\xbf[]"sv,
           "\xc2\xa0[]"sv,
           "[]\0"sv,
           "\v1"sv,
           "\f1"sv,
       }) {
    CAPTURE(text);
    CHECK_FALSE(json::is_valid(text, kDepth));
  }
}

TEST_CASE("every cut of a valid text is refused, not read beyond") {
  const std::string text = R"([{"a\u0041":[-1.5e+7,true,false,null,"\ud83c\udf0a long enough for eight"]},[[]],{}])";
  REQUIRE(json::is_valid(text, kDepth));
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string cut = text.substr(0, size);  // its own allocation, so that a sanitizer sees any overrun
    CAPTURE(cut);
    CHECK_FALSE(json::is_valid(cut, kDepth));
  }
}

TEST_CASE("depth counts open arrays and objects and is bounded, also by a ceiling of its own") {
  CHECK(json::is_valid("1", 0));
  CHECK_FALSE(json::is_valid("[]", 0));
  CHECK_FALSE(json::is_valid("{}", 0));
  CHECK(json::is_valid("[]", 1));
  CHECK(json::is_valid(R"({"a":[]})", 2));
  CHECK_FALSE(json::is_valid(R"({"a":[]})", 1));
  CHECK(json::is_valid("[[],[],{}]", 2));  // side by side is not deeper
  CHECK(json::is_valid(nested_arrays(kDepth), kDepth));
  CHECK_FALSE(json::is_valid(nested_arrays(kDepth + 1), kDepth));
  CHECK(json::is_valid(nested_arrays(1024), 1'000'000));
  CHECK_FALSE(json::is_valid(nested_arrays(1025), 1'000'000));
  CHECK_FALSE(json::is_valid(repeated("[", 1'000'000), 1'000'000));
  CHECK_FALSE(json::is_valid(repeated(R"({"a":)", 1'000'000), 1'000'000));
  CHECK_FALSE(json::is_valid("[]", -1));
}

TEST_CASE("too deep is told from no JSON, whichever comes first") {
  CHECK(json::check("[[1]]", 2) == json::Validity::valid);
  CHECK(json::check("[[1]]", 1) == json::Validity::too_deep);
  CHECK(json::check(R"({"a":{"b":1}})", 1) == json::Validity::too_deep);
  CHECK(json::check("[1,[nonsense", 1) == json::Validity::too_deep);
  CHECK(json::check("[nonsense,[]]", 1) == json::Validity::invalid);
  CHECK(json::check("[[1]", 2) == json::Validity::invalid);
  CHECK(json::check("[[1]] x", 2) == json::Validity::invalid);
  CHECK(json::check(repeated("[", 1025), 1'000'000) == json::Validity::too_deep);
}

TEST_CASE("kind_of tells the six kinds apart") {
  CHECK(json::kind_of(" {}") == json::Kind::object);
  CHECK(json::kind_of("\n[]") == json::Kind::array);
  CHECK(json::kind_of("\"\"") == json::Kind::string);
  CHECK(json::kind_of("-1") == json::Kind::number);
  CHECK(json::kind_of("0") == json::Kind::number);
  CHECK(json::kind_of("true") == json::Kind::boolean);
  CHECK(json::kind_of("false") == json::Kind::boolean);
  CHECK(json::kind_of("null") == json::Kind::null);
}

TEST_CASE("split_array gives each element's exact bytes") {
  using Slices = std::vector<std::string_view>;
  const auto split = [](std::string_view text) { return json::split_array(text, kDepth, 16); };
  CHECK(split("[]") == Slices{});
  CHECK(split(" [ ] ") == Slices{});
  CHECK(split(R"(["foo"])") == Slices{R"("foo")"});
  CHECK(split("\n[ 1 ,\t{ \"b\" : 1.0e0 , \"a\" : [ ] } , \"x,]\" ]\r") ==
        Slices{"1", "{ \"b\" : 1.0e0 , \"a\" : [ ] }", "\"x,]\""});
  CHECK(split("[123456789012345678901234567890,1e999,-0.0]") ==
        Slices{"123456789012345678901234567890", "1e999", "-0.0"});
  CHECK(split("[\"\xe2\x80\xa8\",\"\\u0000\"]") == Slices{"\"\xe2\x80\xa8\"", "\"\\u0000\""});

  for (const std::string_view text :
       {"", "1", "{}", "[", "[1", "[1,", "[1,]", "[,]", "[1]]", "[1] 2", "[1 2]", "[]]", "]", "[01]"}) {
    CAPTURE(text);
    CHECK_FALSE(split(text));
  }
}

TEST_CASE("split_array holds depth and element count") {
  CHECK(json::split_array("[1,2,3]", 1, 3));
  CHECK_FALSE(json::split_array("[1,2,3,4]", 1, 3));
  CHECK_FALSE(json::split_array("[1]", 1, 0));
  CHECK(json::split_array("[]", 1, 0));
  CHECK_FALSE(json::split_array("[]", 0, 3));
  CHECK_FALSE(json::split_array("[[]]", 1, 3));
  CHECK(json::split_array("[[]]", 2, 3));
}

TEST_CASE("for_each_member visits decoded keys and exact values in order") {
  CHECK(members("{}").empty());
  CHECK(members(" { } ").empty());
  CHECK(members(R"({"a":1})") == std::vector<Member>{{"a", "1"}});
  CHECK(members("{ \"b\" : [ 1, {} ] ,\n\"a\":\"x}\" }") == std::vector<Member>{{"b", "[ 1, {} ]"}, {"a", "\"x}\""}});
  CHECK(members(R"({"a":1,"a":2})") == std::vector<Member>{{"a", "1"}, {"a", "2"}});  // the caller keeps the last
  CHECK(members(R"({"\u0061":1,"\ud83c\udf0a":2,"\n\"\/":3})") ==
        std::vector<Member>{{"a", "1"}, {"\xf0\x9f\x8c\x8a", "2"}, {"\n\"/", "3"}});
  CHECK(members(R"({"__proto__":{"x":1},"constructor":2})") ==
        std::vector<Member>{{"__proto__", R"({"x":1})"}, {"constructor", "2"}});
  CHECK(members(R"({"\ud800":1,"\udc00x":2,"\ud800\ud800\udc00":3})") ==
        std::vector<Member>{{"\xef\xbf\xbd", "1"}, {"\xef\xbf\xbdx", "2"}, {"\xef\xbf\xbd\xf0\x90\x80\x80", "3"}});
}

TEST_CASE("for_each_member ends when the visitor says so") {
  int seen = 0;
  json::for_each_member(R"({"a":1,"b":2,"c":3})", [&](std::string_view, std::string_view) { return ++seen < 2; });
  CHECK(seen == 2);
}

TEST_CASE("decode_string gives UTF-8, and nothing where there is none") {
  CHECK(json::decode_string(R"("")") == "");
  CHECK(json::decode_string(R"( "a b" )") == "a b");
  CHECK(json::decode_string(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
  CHECK(json::decode_string(R"("\u0041\u00e9\u20AC\ud83c\udf0a")") == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\x8a");
  CHECK(json::decode_string(R"("a\u0000b")") == std::string("a\0b", 3));
  CHECK(json::decode_string(R"("\\u0041")") == "\\u0041");
  CHECK(json::decode_string("\"\xf0\x9f\x8c\x8a\"") == "\xf0\x9f\x8c\x8a");
  for (const std::string_view value : {R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", R"("\ud800\ud800")",
                                       R"("\ud83cx")", "17", "null", "true", "{}", R"(["a"])", R"({"a":"b"})"}) {
    CAPTURE(value);
    CHECK_FALSE(json::decode_string(value));
  }
}

TEST_CASE("decode_integer is exact in decimals up to 2^53 - 1") {
  const std::vector<std::pair<std::string, std::int64_t>> whole = {
      {"0", 0},
      {"-0", 0},
      {"0.000e7", 0},
      {"0e99999999999999999999", 0},
      {"17", 17},
      {" 17 ", 17},
      {"17.0", 17},
      {"1.7e1", 17},
      {"1.7E+1", 17},
      {"170e-1", 17},
      {"0.0017e4", 17},
      {"-42", -42},
      {"9007199254740991", 9007199254740991},
      {"-9007199254740991", -9007199254740991},
      {"9007199254740991.000", 9007199254740991},
      {"9.007199254740991e15", 9007199254740991},
      {"9000000000000000000000e-6", 9000000000000000},
      {"1" + repeated("0", 400) + "e-400", 1},
      {"0." + repeated("0", 400) + "1e401", 1},
  };
  for (const auto& [text, value] : whole) {
    CAPTURE(text);
    CHECK(json::decode_integer(text) == value);
  }
  for (const std::string_view text :
       {"9007199254740992", "9007199254740993", "-9007199254740992", "1e16", "1e999", "1e99999999999999999999",
        "123456789012345678901234567890", "18446744073709551617", "0.5", "17.5", "1e-1", "1e-99999999999999999999",
        "1.00000000000000000000000001", "null", "true", "\"17\"", "[17]", "{}"}) {
    CAPTURE(text);
    CHECK_FALSE(json::decode_integer(text));
  }
}

TEST_CASE("RFC 8259 section 7: append_string escapes what must be escaped and nothing else") {
  const auto quoted = [](std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
  };
  CHECK(quoted("") == R"("")");
  CHECK(quoted("plain / text \x7f") == "\"plain / text \x7f\"");
  CHECK(quoted("\"\\") == R"("\"\\")");
  CHECK(quoted("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(quoted("a\0b\x1f\x0b"sv) == R"("a\u0000b\u001f\u000b")");
  CHECK(quoted("\xe2\x80\xa8 \xf0\x9f\x8c\x8a") == "\"\xe2\x80\xa8 \xf0\x9f\x8c\x8a\"");
  std::string all;
  for (char c = 0; c >= 0 && c < 127; ++c) all.push_back(c);
  CHECK(json::decode_string(quoted(all)) == all);
  CHECK(json::is_valid(quoted(all), 0));
}

TEST_CASE("placeholders that fit their attachments pass") {
  for (const std::string_view value : {
           "1",
           "[]",
           R"("_placeholder")",
           R"(["_placeholder",true,"num",99])",
           R"({"_placeholder":true,"num":0})",
           R"({ "num" : 1 , "_placeholder" : true })",
           R"([{"_placeholder":true,"num":0},{"x":[{"_placeholder":true,"num":1.0}]}])",
           R"({"_placeholder":false,"num":99})",
           R"({"_placeholder":"true","num":99})",
           R"({"_placeholder":1})",
           R"({"_placeholder":true,"num":0,"_placeholder":false,"num":99})",  // the last of doubled keys counts
           R"({"_placeholder":true,"num":99,"num":1})",
           R"({"num":99,"x":{"_placeholder":true,"num":0}})",
           R"({"_Placeholder":true})",
           R"({"x":"{\"_placeholder\":true}"})",
           R"({"_placeholder":true,"num":20e-1,"num":2e-1,"num":-0})",
       }) {
    CAPTURE(value);
    CHECK(json::placeholders_fit(value, 2));
  }
}

TEST_CASE("a placeholder that lies is found wherever and however it is written") {
  for (const std::string_view value : {
           R"({"_placeholder":true})",
           R"({"_placeholder":true,"num":2})",
           R"({"_placeholder":true,"num":-1})",
           R"({"_placeholder":true,"num":0.5})",
           R"({"_placeholder":true,"num":"0"})",
           R"({"_placeholder":true,"num":null})",
           R"({"_placeholder":true,"num":[0]})",
           R"({"_placeholder":true,"num":1e999})",
           R"({"_placeholder":true,"num":0,"num":true})",
           R"({"_placeholder":false,"num":9,"_placeholder":true})",
           R"({"\u005fplaceholder":true,"num":2})",
           R"({"_p\u006caceholder":true,"\u006eum":7})",
           R"({"_placeholder":true,"n\u0075m":-1})",
           R"([1,[{"a":{"b":[{"_placeholder":true,"num":2}]}}]])",
           R"({"__proto__":{"_placeholder":true,"num":2}})",
           R"([{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}])",
           R"({"num":0,"x":{"_placeholder":true}})",
           R"({"x":{"num":0},"_placeholder":true})",
       }) {
    CAPTURE(value);
    CHECK_FALSE(json::placeholders_fit(value, 2));
  }
  CHECK_FALSE(json::placeholders_fit(R"({"_placeholder":true,"num":0})", 0));
}

TEST_CASE("RFC 3629 section 4: well-formed UTF-8 and nothing else") {
  for (const std::string_view bytes : {""sv, "a"sv, "plain ascii text"sv, "\0"sv, "\x7f"sv, "\xc2\x80"sv, "\xdf\xbf"sv,
                                       "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv, "\xee\x80\x80"sv, "\xef\xbf\xbf"sv,
                                       "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv, "1234567\xc3\xa9"sv,
                                       "12345678\xf0\x9f\x8c\x8a"
                                       "12345678"sv}) {
    CAPTURE(bytes);
    CHECK(json::is_utf8(bytes));
  }
  for (const std::string_view bytes : {"\x80"sv,
                                       "\xbf"sv,
                                       "\xc0\x80"sv,
                                       "\xc1\xbf"sv,
                                       "\xc2"sv,
                                       "\xc2\x41"sv,
                                       "\xe0\x9f\xbf"sv,
                                       "\xe2\x82"sv,
                                       "\xed\xa0\x80"sv,
                                       "\xed\xbf\xbf"sv,
                                       "\xf0\x8f\xbf\xbf"sv,
                                       "\xf0\x9f\x8c"sv,
                                       "\xf4\x90\x80\x80"sv,
                                       "\xf5\x80\x80\x80"sv,
                                       "\xfe"sv,
                                       "\xff"sv,
                                       "12345678\x80"sv,
                                       "1234567\xe2\x82"sv,
                                       "\xe2\x28\xa1"sv,
                                       "\xf0\x9f\x28\xa1"sv,
                                       "\xf0\x9f\x8c\x28"sv}) {
    CAPTURE(bytes);
    CHECK_FALSE(json::is_utf8(bytes));
  }
}
