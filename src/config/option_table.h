// The one table of options, of all commands. A row is a flag, a variable, a key of the file, a paragraph of --help and a
// paragraph of config/tidemark.toml. Defaults are those of CommandOptions; bounds come from limits.h. The rows themselves
// are in option_rows.h.
//
// An option that several commands take in the same way stands here once; where it means something else to another
// command, there is another row of the same name.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "src/config/command_table.h"
#include "src/config/option.h"

namespace tidemark {

/// In the order in which they are shown.
[[nodiscard]] std::span<const Option> option_table();
/// nullptr if the command takes none of this name.
[[nodiscard]] const Option* find_option(std::string_view name, CommandId command = CommandId::serve);
[[nodiscard]] const Option* find_option(char letter, CommandId command);

/// "; did you mean --port?" or nothing; `spell` says how the name is written where the mistake is.
[[nodiscard]] std::string suggestion(std::string_view mistyped, std::string (*spell)(const Option&),
                                     CommandId command = CommandId::serve);

}  // namespace tidemark
