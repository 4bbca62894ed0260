// The one binary: `tidemark COMMAND ...`.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "src/cli/serve.h"
#include "src/cli/version.h"
#include "src/config/nearest_name.h"
#include "src/config/options.h"

namespace {

constexpr std::string_view kHelp =
    R"(Tidemark - a durable message log behind the stock Socket.IO client.

Usage: tidemark COMMAND [OPTIONS]

Commands:
  serve            start the server (http://localhost:3000, SQLite in ./tidemark-data)
  config default   print the configuration file with every option at its default

  tidemark serve --help   says what can be set, each option also by environment and file
  tidemark --version      says which libraries this binary runs on

Try it:
  tidemark serve
  then open http://localhost:3000 in two browser windows
)";

int run(const std::vector<std::string_view>& arguments) {
  namespace cli = tidemark::cli;
  const std::string_view command = arguments.empty() ? "--help" : arguments.front();
  const std::vector<std::string_view> rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  if (command == "serve") return cli::serve(rest);
  if (command == "--version" || command == "-V" || command == "version") {
    fmt::print("{}", cli::version_text());
    return cli::kExitOk;
  }
  if (command == "--help" || command == "-h" || command == "help") {
    fmt::print("{}", kHelp);
    return arguments.empty() ? cli::kExitUsage : cli::kExitOk;
  }
  if (command == "config" && rest == std::vector<std::string_view>{"default"}) {
    fmt::print("{}", tidemark::default_config_file());
    return cli::kExitOk;
  }
  if (command == "config") {
    fmt::print(stderr, "tidemark: config knows one thing: tidemark config default\n");
    return cli::kExitUsage;
  }
  constexpr std::string_view kCommands[] = {"serve", "config", "version", "help", "--help", "--version"};
  const auto nearest = tidemark::nearest_name(command, kCommands);
  fmt::print(stderr, "tidemark: unknown command {}{}; see tidemark --help\n", command,
             nearest ? fmt::format("; did you mean {}?", *nearest) : std::string());
  return cli::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    // A programming error or a machine that lacks what we cannot do without: say it and go.
    std::fprintf(stderr, "tidemark: %s\n", error.what());
    return tidemark::cli::kExitFailure;
  }
}
