#include "src/config/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "src/config/nearest_name.h"
#include "src/config/option_rows.h"

namespace tidemark {

std::span<const Option> option_table() {
  static const std::vector<Option> kTable = [] {
    std::vector<Option> rows;
    for (const auto part : {log_options(), server_options(), inspector_options()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return kTable;
}

const Option* find_option(std::string_view name, CommandId command) {
  const auto table = option_table();
  const auto found = std::ranges::find_if(
      table, [&](const Option& option) { return option.name == name && option.taken_by(command); });
  return found == table.end() ? nullptr : &*found;
}

const Option* find_option(char letter, CommandId command) {
  const auto table = option_table();
  const auto found = std::ranges::find_if(
      table, [&](const Option& option) { return option.letter == letter && option.taken_by(command); });
  return letter == '\0' || found == table.end() ? nullptr : &*found;
}

std::string suggestion(std::string_view mistyped, std::string (*spell)(const Option&), CommandId command) {
  std::vector<std::string_view> names;
  for (const Option& option : option_table()) {
    if (option.taken_by(command)) names.push_back(option.name);
  }
  const auto name = nearest_name(mistyped, names);
  return name ? fmt::format("; did you mean {}?", spell(*find_option(*name, command))) : std::string();
}

}  // namespace tidemark
