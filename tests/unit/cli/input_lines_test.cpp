#include "src/cli/input_lines.h"

#include <doctest/doctest.h>

#include <string>

#include "src/base/command_limits.h"
#include "tests/unit/config/temporary_directory.h"

namespace tidemark::cli {

TEST_CASE("a line that is too long is given up, and named; those before it are given") {
  const TemporaryDirectory directory;
  const auto file = directory.file("lines", "one\ntwo\n" + std::string(4 * limits::kOutputBytes, 'x') + "\nfour\n");
  auto lines = InputLines::open(file.string(), limits::kOutputBytes);
  REQUIRE(lines);
  for (const auto* expected : {"one", "two"}) {
    const auto line = lines->next();
    REQUIRE(line);
    REQUIRE(*line);
    CHECK(**line == expected);
  }
  const auto line = lines->next();
  REQUIRE_FALSE(line);
  CHECK(line.error().code == ErrorCode::invalid_argument);
  CHECK(line.error().context == file.string() + ":3: the line is too long: it may have 65536 bytes");
}

}  // namespace tidemark::cli
