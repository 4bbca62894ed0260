// A journal line is one line, whatever it is told.
#include "src/base/journal.h"

#include <doctest/doctest.h>

namespace tidemark::journal {
namespace {

std::string value(std::string_view text) {
  const auto line = render(0, Level::info, "e", {{"k", text}});
  return line.substr(line.find("k=") + 2);
}

}  // namespace

TEST_CASE("a line has time, level, event and fields") {
  CHECK(render(1'700'000'000'123, Level::warning, "log-full", {{"head", 17}, {"engine", "sqlite"}}) ==
        "time=2023-11-14T22:13:20.123Z level=warning event=log-full head=17 engine=sqlite");
  CHECK(render(0, Level::error, "x", {}) == "time=1970-01-01T00:00:00.000Z level=error event=x");
}

TEST_CASE("plain values stand as they are, others are quoted") {
  CHECK(value("plain-1.5/x") == "plain-1.5/x");
  CHECK(value("") == R"("")");
  CHECK(value("two words") == R"("two words")");
  CHECK(value("a=b") == R"("a=b")");
  CHECK(value(R"(a"b\c)") == R"("a\"b\\c")");
  CHECK(value("größe") == "größe");
}

TEST_CASE("nobody can forge a line") {
  CHECK(value("x\nlevel=error") == R"("x\nlevel=error")");
  CHECK(value("x\r\x1b[2J\x7f") == R"("x\x0d\x1b[2J\x7f")");
  CHECK(value(std::string_view("a\0b", 3)) == R"("a\x00b")");
}

TEST_CASE("a long value is cut and says so") {
  const auto cut = value(std::string(10'000, 'x'));
  CHECK(cut.size() < 600);
  CHECK(cut.ends_with("...\""));
}

}  // namespace tidemark::journal
