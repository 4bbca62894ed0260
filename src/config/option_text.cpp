// The texts made from the option table: --help and the documented default file.
#include <fmt/format.h>

#include <iterator>
#include <ranges>

#include "src/config/command_table.h"
#include "src/config/option_table.h"
#include "src/config/options.h"

namespace tidemark {
namespace {

constexpr std::size_t kHelpColumns = 100;
constexpr std::size_t kFileColumns = 118;
constexpr std::string_view kNothing = "none";  // the default of what is empty

/// Adds `text` in lines of at most `columns`, each after `indent`.
void append_wrapped(std::string& out, std::string_view text, std::string_view indent, std::size_t columns) {
  while (!text.empty()) {
    const std::size_t room = columns - indent.size();
    std::size_t cut = text.size();
    if (cut > room) {
      cut = text.rfind(' ', room);
      if (cut == std::string_view::npos) cut = std::min(text.find(' '), text.size());
    }
    fmt::format_to(std::back_inserter(out), "{}{}\n", indent, text.substr(0, cut));
    text.remove_prefix(std::min(cut + 1, text.size()));
  }
}

/// "debug, info, warning or error"
std::string alternatives(std::span<const std::string_view> choices) {
  return fmt::format("{} or {}", fmt::join(choices.first(choices.size() - 1), ", "), choices.back());
}

std::string sentences(const Option& option) {
  if (option.kind != ValueKind::choice) return std::string(option.help);
  return fmt::format("{} One of {}.", option.help, alternatives(option.choices));
}

std::string default_text(const Option& option) {
  if (!option.otherwise.empty()) return std::string(option.otherwise);
  const auto items = option.items(CommandOptions{});
  const auto text = fmt::format("{}", fmt::join(items, ", "));
  return text.empty() ? std::string(kNothing) : text;
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string toml_value(const Option& option) {
  auto items = option.items(CommandOptions{});
  if (option.kind == ValueKind::number) return items.front();
  for (auto& item : items) item = toml_string(item);
  return option.repeatable() ? fmt::format("[{}]", fmt::join(items, ", ")) : items.front();
}

}  // namespace

std::string command_help(const Command& command) {
  std::string out = fmt::format("Usage: {}\n\n{}\n", command_usage(command), command.description);
  std::string_view group;
  for (const Option& option : option_table()) {
    if (!option.taken_by(command.id)) continue;
    if (option.group != group) fmt::format_to(std::back_inserter(out), "\n{}\n", group = option.group);
    fmt::format_to(std::back_inserter(out), "  {}{}{}{}{}\n",
                   option.letter == '\0' ? "" : fmt::format("-{}, ", option.letter), option.flag(),
                   option.value_name.empty() ? "" : " ", option.value_name, option.repeatable() ? "..." : "");
    append_wrapped(out, sentences(option), "      ", kHelpColumns);
    if (option.kind == ValueKind::none) continue;
    const auto preset = default_text(option);
    if (!option.flag_only) {
      fmt::format_to(std::back_inserter(out), "      default: {}   environment: {}\n", preset, option.variable());
    } else if (preset != kNothing) {
      fmt::format_to(std::back_inserter(out), "      default: {}\n", preset);
    }
  }
  out += "  -h, --help\n      Print this and leave.\n";
  if (!command.after.empty()) fmt::format_to(std::back_inserter(out), "\n{}", command.after);
  out += "\nExamples\n";
  for (const auto line : std::views::split(command.examples, '\n')) {
    if (!line.empty()) fmt::format_to(std::back_inserter(out), "  {}\n", std::string_view(line.begin(), line.end()));
  }
  return out;
}

std::string default_config_file() {
  std::string out =
      R"(# Configuration of tidemark serve, every option at its default: tidemark serve --config tidemark.toml
#
# A key is the name of the flag: port here is --port on the command line and TIDEMARK_PORT in the environment.
# Flags win over the environment, the environment over this file. An unknown key is an error.
#
# A time is a string with its unit ("500ms", "25s", "2m", "1h") or a number of milliseconds; a size is a string with
# its unit ("500kB", "1MB", "64KiB") or a number of bytes.
)";
  std::string_view group;
  for (const Option& option : option_table()) {
    if (!option.in_file || !option.taken_by(CommandId::serve)) continue;
    if (option.group != group) fmt::format_to(std::back_inserter(out), "\n\n# === {} ===\n", group = option.group);
    out += '\n';
    append_wrapped(out, sentences(option), "# ", kFileColumns);
    fmt::format_to(std::back_inserter(out), "{} = {}\n", option.name, toml_value(option));
  }
  return out;
}

}  // namespace tidemark
