#include "src/cli/printable.h"

#include <doctest/doctest.h>

namespace tidemark::cli {
namespace {

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text);
  return out;
}

}  // namespace

TEST_CASE("what people write stays as it is") {
  for (const auto* text : {"", "hello", R"({"a":"b\n"})", "Grüße, 世界 🌊", "👩\u200d🚀", "e\u0301"}) {
    CAPTURE(text);
    CHECK(printable(text) == text);
  }
}

TEST_CASE("controls are shown, not obeyed") {
  CHECK(printable("\x1b[2J") == "\\x1b[2J");
  CHECK(printable("a\nb\r\tc") == "a\\nb\\r\\tc");
  CHECK(printable(std::string_view("\0\x7f\x08", 3)) == "\\x00\\x7f\\x08");
  CHECK(printable("\u009b31m") == "\\u009b31m");
}

TEST_CASE("what would turn or hide text on the screen is shown") {
  CHECK(printable("a\u202eb\u2066c\u200fd\u2028e\ufeff") == "a\\u202eb\\u2066c\\u200fd\\u2028e\\ufeff");
  CHECK(printable("\U000e0041") == "\\ue0041");
}

TEST_CASE("JSON says the same afterwards, without what would turn, hide or control") {
  std::string out;
  append_printable_json(out, "{\"a\":\"\u009b31m\u202e \x7f\U000e0041 \U0001f30a \xc3\xbc\\n\",\t\n\"b\":1}");
  CHECK(out == "{\"a\":\"\\u009b31m\\u202e \\u007f\\udb40\\udc41 \U0001f30a \xc3\xbc\\n\",\t\n\"b\":1}");
}

TEST_CASE("bytes that are no UTF-8 are shown one by one") {
  CHECK(printable("\xff\xc0\xaf") == "\\xff\\xc0\\xaf");           // never, overlong
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // a surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  CHECK(printable("x\xe2\x82") == "x\\xe2\\x82");                  // cut short
}

}  // namespace tidemark::cli
