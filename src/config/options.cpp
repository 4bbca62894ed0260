#include "src/config/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <ranges>

#include "src/config/config_file.h"
#include "src/config/option_table.h"

namespace tidemark {
namespace {

using GivenByOption = std::map<const Option*, Given>;

std::string spell_flag(const Option& option) { return option.flag(); }
std::string spell_variable(const Option& option) { return option.variable(); }

std::unexpected<Error> refuse(std::string sentence) { return fail(ErrorCode::invalid_argument, std::move(sentence)); }

struct Flags {
  bool help = false;
  GivenByOption given;
};

Result<Flags> read_flags(const Command& command, std::span<const std::string_view> arguments) {
  Flags flags;
  const auto lists_them = fmt::format("; tidemark {} --help lists them", command.name);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto argument = arguments[i];
    if (argument == "-h" || argument == "--help") {
      flags.help = true;
      return flags;
    }
    if (!argument.starts_with("--")) {
      if (argument.starts_with('-') && argument.size() > 1)
        return refuse(fmt::format("unknown option {}{}", argument, lists_them));
      return refuse(fmt::format("unexpected argument {}; tidemark {} takes only options", argument, command.name));
    }
    const auto equals = argument.find('=');
    const auto name = argument.substr(0, equals).substr(2);
    const Option* option = find_option(name, command.id);
    if (option == nullptr) {
      const auto hint = suggestion(name, spell_flag, command.id);
      return refuse(fmt::format("unknown option --{}{}", name, hint.empty() ? lists_them : hint));
    }
    std::string_view value = "true";
    if (option->kind == ValueKind::none) {
      if (equals != std::string_view::npos) return refuse(fmt::format("option --{} takes no value", name));
    } else if (equals != std::string_view::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--")) {
      value = arguments[++i];
    } else {
      return refuse(fmt::format("option --{} needs a value: --{} {}", name, name, option->value_name));
    }
    auto& given =
        flags.given.try_emplace(option, Given{option, {}, option->flag(), option->flag() + ' '}).first->second;
    given.values.emplace_back(value);
  }
  return flags;
}

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
    const auto option = std::ranges::find_if(
        table, [&](const Option& one) { return one.taken_by(command) && one.variable() == variable; });
    if (option == table.end() && command != CommandId::serve) continue;  // serve's business
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
  auto flags = read_flags(command_of(command), arguments);
  if (!flags) return std::unexpected(flags.error());
  if (flags->help) {
    options.help = true;
    return options;
  }
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
  const auto find_in = [](const GivenByOption& given, const Option& option) -> const Given* {
    const auto found = given.find(&option);
    return found == given.end() ? nullptr : &found->second;
  };

  // The file is read only once it is known which one.
  GivenByOption in_file;
  const Option& config = *find_option("config", command);
  const Given* config_given = find_in(flags->given, config);
  if (config_given == nullptr) config_given = find_in(*variables, config);
  if (config_given != nullptr) {
    if (const auto done = config.assign(config_given->values, options); !done)
      return refuse(fmt::format("{}{}: {}", config_given->prefix, done.error().value, done.error().problem));
    auto entries = read_config_file(options.config);
    if (!entries) return std::unexpected(entries.error());
    for (auto& entry : *entries) {
      const Option* const option = find_option(entry.option->name, command);
      if (option == nullptr) continue;
      entry.option = option;
      in_file.emplace(option, std::move(entry));
    }
  }

  for (const Option& option : option_table()) {
    if (!option.taken_by(command)) continue;
    Result<void> done;
    if (const Given* flag = find_in(flags->given, option)) {
      done = apply(*flag, Source::flag);
    } else if (const Given* variable = find_in(*variables, option)) {
      done = apply(*variable, Source::environment);
    } else if (const Given* entry = find_in(in_file, option)) {
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
