// Manual pages and shell completions, made from the tables of commands and options. The files in docs/man/ and
// config/completions/ are what this gives; a test compares them. Start-up only.
#pragma once

#include <string>
#include <vector>

namespace tidemark {

struct ManualFile {
  std::string path;  // from the project's root: "docs/man/tidemark-tail.1"
  std::string text;
};

[[nodiscard]] std::vector<ManualFile> manual_files();

}  // namespace tidemark
