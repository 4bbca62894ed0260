#include "src/config/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <ranges>

#include "src/config/config_file.h"
#include "src/config/option_table.h"
#include "src/config/value_text.h"

namespace tidemark {
namespace {

using GivenByOption = std::map<const Option*, Given>;

std::string spell_flag(const Option& option) { return option.flag(); }
std::string spell_variable(const Option& option) { return option.variable(); }

std::unexpected<Error> refuse(std::string sentence) { return fail(ErrorCode::invalid_argument, std::move(sentence)); }

struct Flags {
  bool help = false;
  GivenByOption given;
  std::vector<std::string> arguments;
};

/// Reads what stands after a command's name.
class FlagReader {
 public:
  FlagReader(const Command& command, std::span<const std::string_view> arguments)
      : command_(command),
        rest_(arguments),
        lists_them_(fmt::format("; tidemark {} --help lists them", command.name)) {}

  Result<Flags> read() {
    bool only_arguments = false;
    while (!rest_.empty() && !flags_.help) {
      const auto word = rest_.front();
      rest_ = rest_.subspan(1);
      Result<void> done;
      if (only_arguments || !word.starts_with('-') || word == "-") {
        done = take_argument(word);
      } else if (word == "--") {
        only_arguments = true;
      } else if (word == "-h" || word == "--help") {
        flags_.help = true;
      } else {
        done = word.starts_with("--") ? take_long(word.substr(2)) : take_letters(word);
      }
      if (!done) return std::unexpected(done.error());
    }
    if (flags_.help || flags_.arguments.size() >= command_.arguments.min) return std::move(flags_);
    return refuse(
        fmt::format("tidemark {} needs {}: {}", command_.name, command_.arguments.usage, command_usage(command_)));
  }

 private:
  Result<void> take_argument(std::string_view word) {
    const auto& takes = command_.arguments;
    if (takes.max == 0) {
      return refuse(fmt::format("unexpected argument {}; tidemark {} takes only options", word, command_.name));
    }
    if (flags_.arguments.size() == takes.max) {
      return refuse(fmt::format("unexpected argument {}; the usage is: {}", word, command_usage(command_)));
    }
    if (takes.problem != nullptr) {
      if (const auto wrong = takes.problem(word); !wrong.empty()) return refuse(fmt::format("{}: {}", word, wrong));
    }
    flags_.arguments.emplace_back(word);
    return {};
  }

  /// --name, --name value, --name=value
  Result<void> take_long(std::string_view text) {
    const auto equals = text.find('=');
    const auto name = text.substr(0, equals);
    const Option* option = find_option(name, command_.id);
    if (option == nullptr) {
      const auto hint = suggestion(name, spell_flag, command_.id);
      return refuse(fmt::format("unknown option --{}{}", name, hint.empty() ? lists_them_ : hint));
    }
    if (option->kind == ValueKind::none) {
      if (equals != std::string_view::npos) return refuse(fmt::format("option --{} takes no value", name));
      give(*option, "true");
      return {};
    }
    if (equals == std::string_view::npos) return take_value(*option);
    give(*option, text.substr(equals + 1));
    return {};
  }

  /// -f, -fn 20, -n20; and -20, as head and tail take it
  Result<void> take_letters(std::string_view word) {
    const Option* const lines = find_option('n', command_.id);
    if (lines != nullptr && parse_number(word.substr(1))) {
      give(*lines, word.substr(1));
      return {};
    }
    for (std::size_t i = 1; i < word.size(); ++i) {
      const Option* option = find_option(word[i], command_.id);
      if (option == nullptr) return refuse(fmt::format("unknown option {}{}", word, lists_them_));
      if (option->kind == ValueKind::none) {
        give(*option, "true");
        continue;
      }
      if (i + 1 == word.size()) return take_value(*option);
      give(*option, word.substr(i + 1));
      return {};
    }
    return {};
  }

  Result<void> take_value(const Option& option) {
    if (rest_.empty() || rest_.front().starts_with("--")) {
      return refuse(fmt::format("option --{0} needs a value: --{0} {1}", option.name, option.value_name));
    }
    give(option, rest_.front());
    rest_ = rest_.subspan(1);
    return {};
  }

  void give(const Option& option, std::string_view value) {
    auto& given =
        flags_.given.try_emplace(&option, Given{&option, {}, option.flag(), option.flag() + ' '}).first->second;
    given.values.emplace_back(value);
  }

  const Command& command_;
  std::span<const std::string_view> rest_;
  const std::string lists_them_;
  Flags flags_;
};

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  for (const auto part : std::views::split(text, ',')) {
    std::string_view item(part.begin(), part.end());
    item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
    item = item.substr(0, item.find_last_not_of(' ') + 1);
    items.emplace_back(item);
  }
  return items;
}

/// A variable that another command than serve takes: no mistake, and nothing to serve.
bool is_of_others(std::string_view variable) {
  const auto table = option_table();
  return std::ranges::any_of(table, [&](const Option& one) { return !one.flag_only && one.variable() == variable; });
}

Result<GivenByOption> read_environment(CommandId command, std::span<const std::string_view> environment,
                                       std::vector<std::string>& warnings) {
  GivenByOption all;
  for (const auto entry : environment) {
    if (!entry.starts_with(kVariablePrefix)) continue;
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos || equals + 1 == entry.size()) continue;  // set to nothing is not set
    const auto variable = entry.substr(0, equals);
    const auto value = entry.substr(equals + 1);
    const auto table = option_table();
    const auto option = std::ranges::find_if(table, [&](const Option& one) {
      return one.taken_by(command) && !one.flag_only && one.variable() == variable;
    });
    if (option == table.end() && (command != CommandId::serve || is_of_others(variable))) continue;
    if (option == table.end()) {
      const auto hint = suggestion(variable.substr(kVariablePrefix.size()), spell_variable);
      if (!hint.empty()) return refuse(fmt::format("unknown environment variable {}{}", variable, hint));
      warnings.push_back(
          fmt::format("environment variable {} is no option of tidemark serve and was ignored", variable));
      continue;
    }
    if (value.starts_with("tcp://")) {
      return refuse(
          fmt::format("{}={}: this is how Kubernetes announces a service of the name tidemark; set enableServiceLinks: "
                      "false for the "
                      "pod or rename the service",
                      variable, value));
    }
    all.emplace(&*option, Given{&*option, option->repeatable() ? split_list(value) : std::vector{std::string(value)},
                                std::string(variable), fmt::format("{}=", variable)});
  }
  return all;
}

const Setting& setting_of(const ServeOptions& options, std::string_view name) {
  return *std::ranges::find(options.settings, name, &Setting::name);
}

Result<void> check_together(const ServeOptions& options) {
  for (const auto& event : options.events) {
    if (std::ranges::find(options.relays, event) == options.relays.end()) continue;
    return refuse(fmt::format("event \"{}\" is both stored (event, {}) and relayed (relay, {}); choose one", event,
                              setting_of(options, "event").origin, setting_of(options, "relay").origin));
  }
  return {};
}

}  // namespace

bool CommandOptions::given(std::string_view option) const {
  const auto found = std::ranges::find(settings, option, &Setting::name);
  return found != settings.end() && found->source != Source::preset;
}

Result<ServeOptions> parse_serve(std::span<const std::string_view> arguments,
                                 std::span<const std::string_view> environment) {
  return parse_command(CommandId::serve, arguments, environment);
}

Result<CommandOptions> parse_command(CommandId command, std::span<const std::string_view> arguments,
                                     std::span<const std::string_view> environment) {
  CommandOptions options;
  auto flags = FlagReader(command_of(command), arguments).read();
  if (!flags) return std::unexpected(flags.error());
  if (flags->help) {
    options.help = true;
    return options;
  }
  options.arguments = std::move(flags->arguments);
  auto variables = read_environment(command, environment, options.warnings);
  if (!variables) return std::unexpected(variables.error());

  const auto apply = [&](const Given& given, Source source) -> Result<void> {
    const Option& option = *given.option;
    if (const auto done = option.assign(given.values, options); !done)
      return refuse(
          fmt::format("{}{}: {}", given.prefix, option.secret ? "(secret)" : done.error().value, done.error().problem));
    auto value = fmt::format("{}", fmt::join(option.items(options), ", "));
    if (option.secret && !value.empty()) value = "(secret)";
    options.settings.push_back(Setting{option.name, std::move(value), source, given.origin});
    return {};
  };
  const auto find_in = [](const GivenByOption& given, const Option* option) -> const Given* {
    const auto found = given.find(option);
    return found == given.end() ? nullptr : &found->second;
  };

  // The file is read only once it is known which one. A command that takes none was given none.
  GivenByOption in_file;
  const Option* const config = find_option("config", command);
  const Given* config_given = find_in(flags->given, config);
  if (config_given == nullptr) config_given = find_in(*variables, config);
  if (config_given != nullptr) {
    if (const auto done = config->assign(config_given->values, options); !done)
      return refuse(fmt::format("{}{}: {}", config_given->prefix, done.error().value, done.error().problem));
    auto entries = read_config_file(options.config);
    if (!entries) return std::unexpected(entries.error());
    for (auto& entry : *entries) {
      const Option* const option = find_option(entry.option->name, command);
      if (option == nullptr || option->flag_only) continue;
      entry.option = option;
      in_file.emplace(option, std::move(entry));
    }
  }

  for (const Option& option : option_table()) {
    if (!option.taken_by(command)) continue;
    Result<void> done;
    if (const Given* flag = find_in(flags->given, &option)) {
      done = apply(*flag, Source::flag);
    } else if (const Given* variable = find_in(*variables, &option)) {
      done = apply(*variable, Source::environment);
    } else if (const Given* entry = find_in(in_file, &option)) {
      done = apply(*entry, Source::file);
    } else {
      options.settings.push_back(
          Setting{option.name, fmt::format("{}", fmt::join(option.items(options), ", ")), Source::preset, "default"});
    }
    if (!done) return std::unexpected(done.error());
  }
  if (command != CommandId::serve) return options;
  if (const auto done = check_together(options); !done) return std::unexpected(done.error());
  return options;
}

std::vector<std::string_view> process_environment() {
  std::vector<std::string_view> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

}  // namespace tidemark
