// The texts made from the option table: --help and the documented default file.
#include <fmt/format.h>

#include <iterator>

#include "src/config/option_table.h"
#include "src/config/options.h"

namespace tidemark {
namespace {

constexpr std::size_t kHelpColumns = 100;
constexpr std::size_t kFileColumns = 118;

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
  const auto items = option.items(ServeOptions{});
  const auto text = fmt::format("{}", fmt::join(items, ", "));
  return text.empty() ? "none" : text;
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
  auto items = option.items(ServeOptions{});
  if (option.kind == ValueKind::number) return items.front();
  for (auto& item : items) item = toml_string(item);
  return option.repeatable() ? fmt::format("[{}]", fmt::join(items, ", ")) : items.front();
}

}  // namespace

std::string serve_help() {
  std::string out = R"(Usage: tidemark serve [options]

Keeps the log and serves Socket.IO clients. Needs no option: http://localhost:3000, log in tidemark-data.
)";
  std::string_view group;
  for (const Option& option : option_table()) {
    if (option.group != group) fmt::format_to(std::back_inserter(out), "\n{}\n", group = option.group);
    fmt::format_to(std::back_inserter(out), "  {} {}{}\n", option.flag(), option.value_name,
                   option.repeatable() ? "..." : "");
    append_wrapped(out, sentences(option), "      ", kHelpColumns);
    fmt::format_to(std::back_inserter(out), "      default: {}   environment: {}\n", default_text(option),
                   option.variable());
  }
  out += R"(  -h, --help
      Print this and leave.

MS is milliseconds or a time with its unit: 500ms, 25s, 2m, 1h. BYTES is bytes or a size with its unit:
500kB, 1MB, 64KiB. A flag with ... may be repeated; given once, it replaces the default list.

Every option is also an environment variable (list items separated by commas; an empty variable counts as not
set) and, by its name without the dashes, a key of the configuration file. Flags win over the environment, the
environment over the file, the file over the default.

Examples
  tidemark serve
  tidemark serve --data /var/lib/tidemark --host 0.0.0.0 --port 8080
  tidemark serve --event "chat message" --event reaction --relay typing --channel '/rooms/*'
  TIDEMARK_PORT=0 tidemark serve --config tidemark.toml --cors-origin https://example.org
)";
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
    if (!option.in_file) continue;
    if (option.group != group) fmt::format_to(std::back_inserter(out), "\n\n# === {} ===\n", group = option.group);
    out += '\n';
    append_wrapped(out, sentences(option), "# ", kFileColumns);
    fmt::format_to(std::back_inserter(out), "{} = {}\n", option.name, toml_value(option));
  }
  return out;
}

}  // namespace tidemark
