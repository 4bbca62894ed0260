#include "src/config/command_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include "src/config/channel_pattern.h"

namespace tidemark {
namespace {

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

std::string_view why_no_channel(std::string_view text) {
  return why_no_channel_pattern(text).empty() ? std::string_view()
                                              : "a channel begins with '/', such as /chat/general or /chat/*";
}

const std::array kCommands = {
    Command{
        .id = CommandId::serve,
        .name = "serve",
        .summary = "start the server (http://localhost:3000, SQLite in ./tidemark-data)",
        .description = "Keeps the log and serves Socket.IO clients. Needs no option: http://localhost:3000, log in "
                       "tidemark-data.",
        .after =
            R"(MS is milliseconds or a time with its unit: 500ms, 25s, 2m, 1h. BYTES is bytes or a size with its unit:
500kB, 1MB, 64KiB. A flag with ... may be repeated; given once, it replaces the default list.

Every option is also an environment variable (list items separated by commas; an empty variable counts as not
set) and, by its name without the dashes, a key of the configuration file. Flags win over the environment, the
environment over the file, the file over the default.
)",
        .examples = R"(tidemark serve
tidemark serve --data /var/lib/tidemark --host 0.0.0.0 --port 8080
tidemark serve --event "chat message" --event reaction --relay typing --channel '/rooms/*'
TIDEMARK_PORT=0 tidemark serve --config tidemark.toml --cors-origin https://example.org
)"},
    Command{
        .id = CommandId::tail,
        .name = "tail",
        .arguments = {.usage = "[CHANNEL...]", .min = 0, .max = kAny, .problem = why_no_channel},
        .summary = "show records, the newest or from a place on, and follow the log",
        .description =
            R"(Shows records of the log, of all channels or of those named (/chat/* stands for all below /chat/): the newest ten, or
those that the options ask for. Works on the data directory of a stopped server, of a running one, and with --url.)",
        .after =
            R"(Records go to standard output, everything else to standard error. In text, characters that could play tricks on a
terminal are written as \x1b or \u202e. Colours appear on a terminal only, and not if NO_COLOR is set.

Exit status: 0 done, 1 something could not be read (damaged records are named and passed over), 2 a mistake in the
arguments, 130 interrupted.
)",
        .examples = R"(tidemark tail
tidemark tail -f /chat/general
tidemark tail --since 10m --grep 'lost|found'
tidemark tail --from earliest -o json | jq -r .sender | sort | uniq -c
tidemark tail -n 100 --format '{offset} {time} {sender}: {payload}'
tidemark tail -f --url http://localhost:3000 --from latest --count 1
)"},
    Command{
        .id = CommandId::verify,
        .name = "verify",
        .summary = "read a whole log and say everything that is wrong with it",
        .description =
            R"(Reads the whole log of a data directory that no server uses, and changes nothing: checksums, order, gaps, times,
client keys, index segments, what was acknowledged, and the engine's own structure. One line per finding, on
standard output.)",
        .after =
            R"(Exit status: 0 the log is sound, 1 it is not or could not be read, 2 a mistake in the arguments, 130 interrupted.
)",
        .examples = R"(tidemark verify
tidemark verify --data /var/lib/tidemark
tidemark verify --config /etc/tidemark.toml
)"},
    Command{
        .id = CommandId::repair,
        .name = "repair",
        .summary = "save what can be saved of a damaged log",
        .description =
            R"(Makes a new log of everything in the damaged one that can be read: offsets, times, keys and bytes stay as they are,
index segments are made anew, and no offset is given twice. The damaged log is kept beside it, so the disk must have
room for both. Where records are lost the log gets a new epoch, and clients that come back are told that it is another
one. A log that is sound is left alone.)",
        .after =
            R"(Interrupted at any moment, the old or the new log is in place, whole. Exit status: 0 the log is sound now, 1 it could
not be repaired (or, with --dry-run, needs it), 2 a mistake in the arguments, 130 interrupted.
)",
        .examples = R"(tidemark repair --dry-run
tidemark repair --data /var/lib/tidemark
)"},
};

}  // namespace

std::span<const Command> command_table() { return kCommands; }

const Command& command_of(CommandId id) { return *std::ranges::find(kCommands, id, &Command::id); }

const Command* find_command(std::string_view name) {
  const auto found = std::ranges::find(kCommands, name, &Command::name);
  return found == kCommands.end() ? nullptr : &*found;
}

std::string command_usage(const Command& command) {
  const auto usage = command.arguments.usage;
  return fmt::format("tidemark {} [options]{}{}", command.name, usage.empty() ? "" : " ", usage);
}

std::string command_list() {
  std::string out;
  for (const Command& command : kCommands) {
    fmt::format_to(std::back_inserter(out), "  {:<16} {}\n", command.name, command.summary);
  }
  return out;
}

}  // namespace tidemark
