#include "src/config/manual.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <span>
#include <string_view>

#include "src/config/command_table.h"
#include "src/config/option_table.h"

namespace tidemark {
namespace {

std::vector<const Option*> options_of(const Command& command) {
  std::vector<const Option*> found;
  for (const Option& option : option_table()) {
    if (option.taken_by(command.id)) found.push_back(&option);
  }
  // Options of one group stand together, in whichever order the table has them.
  std::vector<const Option*> grouped;
  for (const Option* const option : found) {
    if (std::ranges::find(grouped, option) != grouped.end()) continue;
    std::ranges::copy_if(found, std::back_inserter(grouped),
                         [&](const Option* other) { return other->group == option->group; });
  }
  return grouped;
}

std::string_view first_sentence(std::string_view text) {
  const auto end = text.find(". ");
  text = text.substr(0, end);
  return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

bool is_path(const Option& option) { return option.value_name == "DIR" || option.value_name == "FILE"; }

// --- manual pages ----------------------------------------------------------------------------------------------------

/// Text as roff prints it, literally.
std::string roff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

void append_section(std::string& out, std::string_view title) {
  fmt::format_to(std::back_inserter(out), ".SH {}\n", title);
}

void append_option(std::string& out, const Option& option) {
  out += ".TP\n";
  if (option.letter != '\0') fmt::format_to(std::back_inserter(out), "\\fB\\-{}\\fR, ", option.letter);
  fmt::format_to(std::back_inserter(out), "\\fB{}\\fR", roff(option.flag()));
  if (!option.value_name.empty()) fmt::format_to(std::back_inserter(out), " \\fI{}\\fR", roff(option.value_name));
  if (option.repeatable()) out += "...";
  fmt::format_to(std::back_inserter(out), "\n{}", roff(option.help));
  if (option.kind == ValueKind::choice) {
    fmt::format_to(std::back_inserter(out), " One of {}.", fmt::join(option.choices, ", "));
  }
  if (!option.flag_only && option.kind != ValueKind::none) {
    fmt::format_to(std::back_inserter(out), " Environment: {}.", option.variable());
  }
  out += '\n';
}

void append_examples(std::string& out, std::string_view examples) {
  append_section(out, "EXAMPLES");
  fmt::format_to(std::back_inserter(out), ".nf\n{}.fi\n", roff(examples));
}

std::string manual_page(const Command& command) {
  std::string title = fmt::format("TIDEMARK-{}", command.name);
  std::ranges::transform(title, title.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  std::string out = fmt::format(".TH {} 1 \"\" Tidemark \"Tidemark's commands\"\n", roff(title));
  append_section(out, "NAME");
  fmt::format_to(std::back_inserter(out), "tidemark\\-{} \\- {}\n", roff(command.name), roff(command.summary));
  append_section(out, "SYNOPSIS");
  fmt::format_to(std::back_inserter(out), "\\fBtidemark {}\\fR [\\fIoptions\\fR]{}{}\n", roff(command.name),
                 command.arguments.usage.empty() ? "" : " ", roff(command.arguments.usage));
  append_section(out, "DESCRIPTION");
  fmt::format_to(std::back_inserter(out), "{}\n", roff(command.description));
  append_section(out, "OPTIONS");
  std::string_view group;
  for (const Option* const option : options_of(command)) {
    if (option->group != group) fmt::format_to(std::back_inserter(out), ".SS {}\n", roff(group = option->group));
    append_option(out, *option);
  }
  if (!command.after.empty()) {
    append_section(out, "NOTES");
    out += roff(command.after);
  }
  append_examples(out, command.examples);
  append_section(out, "SEE ALSO");
  out += "\\fBtidemark\\fR(1)\n";
  return out;
}

std::string main_page() {
  std::string out = ".TH TIDEMARK 1 \"\" Tidemark \"Tidemark's commands\"\n";
  append_section(out, "NAME");
  out += "tidemark \\- a durable message log behind the stock Socket.IO client\n";
  append_section(out, "SYNOPSIS");
  out += "\\fBtidemark\\fR \\fICOMMAND\\fR [\\fIoptions\\fR]\n";
  append_section(out, "COMMANDS");
  for (const Command& command : command_table()) {
    fmt::format_to(std::back_inserter(out), ".TP\n\\fBtidemark\\-{}\\fR(1)\n{}\n", roff(command.name),
                   roff(command.summary));
  }
  append_section(out, "EXIT STATUS");
  out += "0 done, 1 it could not be done, 2 a mistake in the arguments, 130 interrupted.\n";
  return out;
}

// --- completions -----------------------------------------------------------------------------------------------------

constexpr std::string_view kOtherWords = "config help version";

std::string command_names() {
  std::string names;
  for (const Command& command : command_table()) {
    names += command.name;
    names += ' ';
  }
  return names + std::string(kOtherWords);
}

std::string bash_completion() {
  std::string out = fmt::format(
      "# bash completion for tidemark; made from the option table, see tests/unit/config/render_manual.cpp\n"
      "_tidemark_paths() {{\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$word\")\n"
      "}}\n"
      "_tidemark() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}}\n"
      "  COMPREPLY=()\n"
      "  # --output=j is three words here.\n"
      "  if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=${{COMP_WORDS[COMP_CWORD-2]}}; fi\n"
      "  if [[ $COMP_CWORD -eq 1 ]]; then\n"
      "    COMPREPLY=($(compgen -W '{} --help --version' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case \"$command $before\" in\n",
      command_names());
  for (const Command& command : command_table()) {
    for (const Option* const option : options_of(command)) {
      if (option->kind == ValueKind::none) continue;
      std::string words = fmt::format("'{} {}'", command.name, option->flag());
      if (option->letter != '\0') words += fmt::format(" | '{} -{}'", command.name, option->letter);
      std::string reply;
      if (option->kind == ValueKind::choice) {
        reply = fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", fmt::join(option->choices, " "));
      } else if (is_path(*option)) {
        reply = option->value_name == "DIR" ? "_tidemark_paths -d" : "_tidemark_paths -f";
      } else {
        reply = ":";
      }
      fmt::format_to(std::back_inserter(out), "    {}) {}; return ;;\n", words, reply);
    }
  }
  out += "  esac\n  case $command in\n";
  for (const Command& command : command_table()) {
    std::string flags = "--help";
    for (const Option* const option : options_of(command)) flags += ' ' + option->flag();
    // What is no option is a file or a directory with these, and with no other.
    const auto usage = command.arguments.usage;
    const std::string_view paths =
        usage.find("FILE") != std::string_view::npos  ? "[[ $word == -* ]] || { _tidemark_paths -f; return; }; "
        : usage.find("DIR") != std::string_view::npos ? "[[ $word == -* ]] || { _tidemark_paths -d; return; }; "
                                                      : "";
    fmt::format_to(std::back_inserter(out), "    {}) {}COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n", command.name,
                   paths, flags);
  }
  out += fmt::format(
      "    help) COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n"
      "    config) COMPREPLY=($(compgen -W default -- \"$word\")) ;;\n"
      "  esac\n"
      "}}\n"
      "complete -o default -F _tidemark tidemark\n",
      command_names());
  return out;
}

/// Within single quotes and an option's brackets of zsh.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_completion() {
  std::string out =
      "#compdef tidemark\n"
      "# zsh completion for tidemark; made from the option table, see tests/unit/config/render_manual.cpp\n"
      "_tidemark() {\n"
      "  local -a commands\n"
      "  commands=(\n";
  for (const Command& command : command_table()) {
    fmt::format_to(std::back_inserter(out), "    '{}:{}'\n", command.name, zsh_text(command.summary));
  }
  out +=
      "  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $command in\n";
  for (const Command& command : command_table()) {
    fmt::format_to(std::back_inserter(out), "    {})\n      _arguments -s \\\n", command.name);
    for (const Option* const option : options_of(command)) {
      std::string value;
      if (option->kind != ValueKind::none) {
        value = fmt::format(":{}:", option->value_name);
        if (option->kind == ValueKind::choice) value += fmt::format("({})", fmt::join(option->choices, " "));
        if (is_path(*option)) value += option->value_name == "DIR" ? "_directories" : "_files";
      }
      const auto text = zsh_text(first_sentence(option->help));
      const std::string_view star = option->repeatable() ? "*" : "";
      // What follows the name says how a value may: "--output=json" or "--output json", "-ojson" or "-o json".
      fmt::format_to(std::back_inserter(out), "        '{}{}{}[{}]{}' \\\n", star, option->flag(),
                     value.empty() ? "" : "=", text, value);
      if (option->letter != '\0') {
        fmt::format_to(std::back_inserter(out), "        '{}-{}{}[{}]{}' \\\n", star, option->letter,
                       value.empty() ? "" : "+", text, value);
      }
    }
    out += "        '*:argument:_files'\n      ;;\n";
  }
  out += "  esac\n}\n_tidemark \"$@\"\n";
  return out;
}

/// Within single quotes of fish.
std::string fish_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string fish_completion() {
  std::string out =
      "# fish completion for tidemark; made from the option table, see tests/unit/config/render_manual.cpp\n";
  for (const Command& command : command_table()) {
    fmt::format_to(std::back_inserter(out), "complete -c tidemark -n __fish_use_subcommand -f -a {} -d '{}'\n",
                   command.name, fish_text(command.summary));
  }
  for (const Command& command : command_table()) {
    for (const Option* const option : options_of(command)) {
      std::string value;
      if (option->kind == ValueKind::choice) {
        value = fmt::format(" -x -a '{}'", fmt::join(option->choices, " "));
      } else if (option->kind != ValueKind::none) {
        value = is_path(*option) ? " -r" : " -x";
      }
      fmt::format_to(std::back_inserter(out),
                     "complete -c tidemark -n '__fish_seen_subcommand_from {}' -l {}{}{} -d '{}'\n", command.name,
                     option->name, option->letter == '\0' ? std::string() : fmt::format(" -s {}", option->letter),
                     value, fish_text(first_sentence(option->help)));
    }
  }
  return out;
}

}  // namespace

std::vector<ManualFile> manual_files() {
  std::vector<ManualFile> files;
  files.push_back({"docs/man/tidemark.1", main_page()});
  for (const Command& command : command_table()) {
    files.push_back({fmt::format("docs/man/tidemark-{}.1", command.name), manual_page(command)});
  }
  files.push_back({"config/completions/tidemark.bash", bash_completion()});
  files.push_back({"config/completions/_tidemark", zsh_completion()});
  files.push_back({"config/completions/tidemark.fish", fish_completion()});
  return files;
}

}  // namespace tidemark
