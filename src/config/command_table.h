// The one table of commands: what `tidemark --help` and each command's --help say. Which options a command takes stands
// beside the options, in option_table.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tidemark {

enum class CommandId : std::uint8_t {
  serve,
  tail,
  info,
  channels,
  get,
  append,
  stats,
  verify,
  repair,
  export_log,
  import_log,
  migrate,
  backup,
  trim
};

/// What a command takes beside its options: channels, an offset, a file.
struct CommandArguments {
  std::string_view usage{};  // "[CHANNEL...]"
  std::size_t min = 0;
  std::size_t max = 0;
  /// Empty if an argument will do, else what is wrong with it.
  std::string_view (*problem)(std::string_view) = nullptr;
};

struct Command {
  CommandId id;
  std::string_view name;
  CommandArguments arguments{};
  std::string_view summary;      // after its name in `tidemark --help`
  std::string_view description;  // what it does, in lines as they are printed
  std::string_view after;        // what is to be said after the options; may be empty
  std::string_view examples;     // command lines, one a line
};

[[nodiscard]] std::span<const Command> command_table();
[[nodiscard]] const Command& command_of(CommandId id);
/// nullptr if there is none of this name.
[[nodiscard]] const Command* find_command(std::string_view name);

/// "tidemark tail [options] [CHANNEL...]"
[[nodiscard]] std::string command_usage(const Command& command);
/// What `tidemark COMMAND --help` prints.
[[nodiscard]] std::string command_help(const Command& command);
/// The lines of `tidemark --help` that name the commands.
[[nodiscard]] std::string command_list();

}  // namespace tidemark
