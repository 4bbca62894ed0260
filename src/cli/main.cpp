// The one binary: `tidemark COMMAND ...`.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "src/cli/append.h"
#include "src/cli/backup.h"
#include "src/cli/channels.h"
#include "src/cli/exit_status.h"
#include "src/cli/export_log.h"
#include "src/cli/get.h"
#include "src/cli/import_log.h"
#include "src/cli/info.h"
#include "src/cli/migrate.h"
#include "src/cli/repair.h"
#include "src/cli/serve.h"
#include "src/cli/stats.h"
#include "src/cli/tail.h"
#include "src/cli/trim.h"
#include "src/cli/verify.h"
#include "src/cli/version.h"
#include "src/config/command_table.h"
#include "src/config/nearest_name.h"
#include "src/config/options.h"

namespace tidemark {
namespace {

constexpr std::string_view kHelp =
    R"(Tidemark - a durable message log behind the stock Socket.IO client.

Usage: tidemark COMMAND [OPTIONS]

Commands:
{}  config default   print the configuration file with every option at its default
  help [COMMAND]   this text, or what COMMAND takes

  tidemark serve --help   says what can be set, each option also by environment and file
  tidemark --version      says which libraries this binary runs on

Try it:
  tidemark serve
  then open http://localhost:3000 in two browser windows
)";

using Arguments = std::vector<std::string_view>;

int unknown_command(std::string_view command) {
  Arguments names{"config", "version", "help", "--help", "--version"};
  for (const Command& known : command_table()) names.push_back(known.name);
  const auto nearest = nearest_name(command, names);
  fmt::print(stderr, "tidemark: unknown command {}{}; see tidemark --help\n", command,
             nearest ? fmt::format("; did you mean {}?", *nearest) : std::string());
  return cli::kExitUsage;
}

int run_command(const Command& command, const Arguments& arguments) {
  const auto options = parse_command(command.id, arguments, process_environment());
  if (!options) {
    const bool usage = options.error().code == ErrorCode::invalid_argument;
    return cli::complain(options.error(), usage ? cli::kExitUsage : cli::kExitFailure);
  }
  if (options->help) {
    fmt::print("{}", command_help(command));
    return cli::kExitOk;
  }
  switch (command.id) {
    case CommandId::serve: return cli::serve(*options);
    case CommandId::tail: return cli::tail(*options);
    case CommandId::info: return cli::info(*options);
    case CommandId::channels: return cli::channels(*options);
    case CommandId::get: return cli::get(*options);
    case CommandId::append: return cli::append(*options);
    case CommandId::stats: return cli::stats(*options);
    case CommandId::verify: return cli::verify(*options);
    case CommandId::repair: return cli::repair(*options);
    case CommandId::export_log: return cli::export_log(*options);
    case CommandId::import_log: return cli::import_log(*options);
    case CommandId::migrate: return cli::migrate(*options);
    case CommandId::backup: return cli::backup(*options);
    case CommandId::trim: return cli::trim(*options);
  }
  return cli::kExitUsage;
}

/// Of the words that are no commands of the table; empty for any other.
std::string_view help_beside_the_table(std::string_view word) {
  if (word == "config") {
    return "Usage: tidemark config default\n\n"
           "Prints the configuration file with every option at its default.\n";
  }
  if (word == "version")
    return "Usage: tidemark version\n\nSays which version this is and which libraries it runs on.\n";
  return {};
}

int help(const Arguments& about) {
  if (about.empty() || about.front() == "help") {
    fmt::print(fmt::runtime(kHelp), command_list());
    return cli::kExitOk;
  }
  const Command* const command = find_command(about.front());
  if (const auto text = help_beside_the_table(about.front()); !text.empty()) {
    fmt::print("{}", text);
    return cli::kExitOk;
  }
  if (command == nullptr) return unknown_command(about.front());
  fmt::print("{}", command_help(*command));
  return cli::kExitOk;
}

int run(const Arguments& arguments) {
  const std::string_view word = arguments.empty() ? "--help" : arguments.front();
  const Arguments rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  if (const Command* const command = find_command(word)) return run_command(*command, rest);
  if (word == "--version" || word == "-V" || word == "version") {
    fmt::print("{}", cli::version_text());
    return cli::kExitOk;
  }
  if (word == "--help" || word == "-h" || word == "help") {
    const int status = help(word == "help" ? rest : Arguments());
    return arguments.empty() ? cli::kExitUsage : status;
  }
  if (word == "config" && (rest == Arguments{"--help"} || rest == Arguments{"-h"})) return help({word});
  if (word == "config" && rest == Arguments{"default"}) {
    fmt::print("{}", default_config_file());
    return cli::kExitOk;
  }
  if (word == "config") {
    fmt::print(stderr, "tidemark: config knows one thing: tidemark config default\n");
    return cli::kExitUsage;
  }
  return unknown_command(word);
}

/// What a command printed must be out: half of an answer must not look like all of it. A reader that is gone is no failure.
int flushed(int status) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  if (errno == EPIPE) return status;
  const auto why = errno == 0 ? std::string() : fmt::format(": {}", std::strerror(errno));
  return cli::complain({ErrorCode::io, fmt::format("cannot write the output{}", why)},
                       status == cli::kExitOk ? cli::kExitFailure : status);
}

}  // namespace
}  // namespace tidemark

int main(int argc, char** argv) {
  try {
    return tidemark::flushed(tidemark::run({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    // A programming error or a machine that lacks what we cannot do without: say it and go.
    std::fprintf(stderr, "tidemark: %s\n", error.what());
    return tidemark::cli::kExitFailure;
  }
}
