// Reading the configuration file: flat TOML whose keys are the names of the options. Start-up only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "src/base/error.h"
#include "src/config/option_table.h"

namespace tidemark {

/// What was written about one option, and where.
struct Given {
  const Option* option;
  std::vector<std::string> values;
  std::string origin;  // "tidemark.toml:12"
  std::string prefix;  // of the value in an error: "tidemark.toml:12: port = "
};

/// Errors, with file and line: not_found or io (cannot be read), invalid_argument (no TOML, an unknown key and the
/// nearest name, a value of the wrong type). Values are not checked yet.
[[nodiscard]] Result<std::vector<Given>> read_config_file(const std::filesystem::path& file);

}  // namespace tidemark
