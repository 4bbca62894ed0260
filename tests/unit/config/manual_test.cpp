#include "src/config/manual.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "src/config/command_table.h"
#include "src/config/option_table.h"
#include "tests/unit/config/temporary_directory.h"

namespace tidemark {
namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string text_of(std::string_view path) {
  for (const auto& file : manual_files()) {
    if (file.path == path) return file.text;
  }
  FAIL("there is no ", std::string(path));
  return {};
}

}  // namespace

TEST_CASE("the manual and the completions are what the tables render") {
  for (const auto& [path, text] : manual_files()) {
    CAPTURE(path);
    CHECK_MESSAGE(contents(path) == text,
                  "a table changed: tests/unit/config/render_manual.cpp says how to renew the files");
  }
}

TEST_CASE("every command has its page, its options and its examples in it") {
  for (const Command& command : command_table()) {
    CAPTURE(command.name);
    const auto page = text_of("docs/man/tidemark-" + std::string(command.name) + ".1");
    for (const Option& option : option_table()) {
      if (!option.taken_by(command.id)) continue;
      CAPTURE(option.name);
      auto flag = option.flag();
      for (std::size_t at = flag.find('-'); at != std::string::npos; at = flag.find('-', at + 2)) flag.insert(at, "\\");
      CHECK(contains(page, "\\fB" + flag + "\\fR"));
      for (const auto* const completion : {"config/completions/tidemark.bash", "config/completions/_tidemark"}) {
        CHECK(contains(text_of(completion), option.flag()));
      }
    }
    CHECK(contains(page, ".SH EXAMPLES\n.nf\ntidemark") != contains(page, ".SH EXAMPLES\n.nf\nprintf"));
    CHECK(contains(text_of("docs/man/tidemark.1"), "tidemark\\-" + std::string(command.name)));
  }
}

TEST_CASE("in zsh, a value is completed behind its option's name, with = or in a word of its own") {
  const auto completion = text_of("config/completions/_tidemark");
  CHECK(contains(completion, "'--output=["));
  CHECK(contains(completion, "'-o+["));
  CHECK(contains(completion, "'*--sender=["));
  CHECK(contains(completion, "'--follow["));
}

TEST_CASE("no line of a page is taken for a request by accident") {
  for (const auto& [path, text] : manual_files()) {
    if (!path.ends_with(".1")) continue;
    CAPTURE(path);
    std::size_t start = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; start = end + 1, end = text.find('\n', start)) {
      const auto line = text.substr(start, end - start);
      CAPTURE(line);
      CHECK_FALSE(line.starts_with('\''));
      if (line.starts_with('.')) {
        constexpr std::string_view known[] = {".TH ", ".SH ", ".SS ", ".TP", ".nf", ".fi"};
        CHECK(std::ranges::any_of(known, [&](std::string_view request) { return line.starts_with(request); }));
      }
    }
  }
}

}  // namespace tidemark
