// The tests; or, with a first argument that names one, a long run. ./dev crash builds and calls it.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <string_view>

#include "src/base/journal.h"
#include "tests/crash/disk/long_run.h"

int main(int argc, char** argv) {
  tidemark::journal::set_level(tidemark::journal::Level::error);
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (!first.empty() && !first.starts_with('-')) return tidemark::crash::long_run({argv + 1, argv + argc});
  return doctest::Context(argc, argv).run();
}
