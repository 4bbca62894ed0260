#include "src/config/command_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include "src/base/offset.h"
#include "src/config/channel_pattern.h"
#include "src/config/value_text.h"

namespace tidemark {
namespace {

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

std::string_view why_no_offset(std::string_view text) {
  const auto offset = parse_number(text);
  return offset && *offset >= 1 && *offset <= Offset::kMax ? "" : "an offset is a number from 1 on";
}

std::string_view why_no_channel(std::string_view text) {
  return why_no_channel_pattern(text).empty()
             ? std::string_view()
             : "a channel begins with '/', such as /chat/general, and a star stands for all below: /chat/*";
}

constexpr std::string_view kIncomplete =
    R"(Exit status: 0 done, 1 it could not be done, or something of the log could not be read, which is said on standard error
('tidemark verify' knows more), 2 a mistake in the arguments, 130 interrupted.
)";

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
            R"(Times are shown in UTC, as their Z says; those that are given without Z are local time.

Records go to standard output, everything else to standard error. In text, and on a terminal in every form,
characters that could play tricks on it are written as \x1b or \u202e. Colours appear on a terminal only, and not
if NO_COLOR is set.

Exit status: 0 done, 1 something could not be read (damaged records are named and passed over), 2 a mistake in the
arguments, 130 interrupted.
)",
        .examples = R"(tidemark tail
tidemark tail -f /chat/general
tidemark tail --since 10m -i --grep 'lost|found'
tidemark tail --from earliest -o json | jq -r .sender | sort | uniq -c
tidemark tail -n 100 --format '{offset} {time} {sender}: {payload}'
tidemark tail -f --url http://localhost:3000 --from latest --count 1
)"},
    Command{
        .id = CommandId::info,
        .name = "info",
        .summary = "what log it is: engine, epoch, extent, size, rates, server",
        .description =
            "Says what log it is: engine, epoch, first and newest record, size, channels, rates, and the server that "
            "has it.",
        .after = kIncomplete,
        .examples = R"(tidemark info
tidemark info --data /var/lib/tidemark -o json
tidemark info --url http://localhost:3000
)"},
    Command{.id = CommandId::channels,
            .name = "channels",
            .summary = "the channels of a log, with what each holds",
            .description = "Lists the channels: records, first and last offset, time of the last record, bytes.",
            .after = kIncomplete,
            .examples = R"(tidemark channels
tidemark channels -o json | jq -r 'select(.records > 1000) | .channel'
)"},
    Command{.id = CommandId::get,
            .name = "get",
            .arguments = {.usage = "OFFSET", .min = 1, .max = 1, .problem = why_no_offset},
            .summary = "one record, whole",
            .description = "Shows the record at an offset with everything it has.",
            .after = "",
            .examples = R"(tidemark get 1
tidemark get 1 -o json
tidemark get 1 -o raw | jq .
)"},
    Command{
        .id = CommandId::append,
        .name = "append",
        .arguments = {.usage = "CHANNEL [TEXT|-]", .min = 1, .max = 2},
        .summary = "add records, from the command line or a line each from a pipe",
        .description =
            R"(Adds a record with this text, or one for each line of standard input, and prints their offsets, a line each, once they
are durable. A running server is asked to do it; the log of a directory that nobody serves is opened for it.)",
        .after =
            R"(Lines that are there already are sent together and stored in few commits; one that is typed is stored at once. The end of
a line is a line feed, with or without a carriage return before it. A record that was stored before, with the same key, is
told as "OFFSET duplicate". Where a connection breaks, records with keys are sent again, and a server that restarts is waited
for, up to a minute; of those without keys it is said which may be stored or not. A channel that is new in a directory is
named.

Exit status: 0 all are stored, 1 not all are (those whose offsets were printed are), 2 a mistake in the arguments or in a
line, 130 interrupted.
)",
        .examples = R"(tidemark append /chat/general 'hello'
tidemark append / --json '{"name":"Ann","text":"hello"}' --key order-17
printf 'one\ntwo\n' | tidemark append /chat/general --key import-1
printf 'k1\tone\nk2\ttwo\n' | tidemark append /chat/general - --keyed
)"},
    Command{
        .id = CommandId::stats,
        .name = "stats",
        .summary = "what a server does, once or as a live view",
        .description = "Shows the log's extent and size, and what its server has done since it started.",
        .after =
            R"(On a terminal --watch has a screen of its own, and what was there before is there again when it ends, by q or ctrl-C, or is
stopped by ctrl-Z. In a pipe the views follow each other; with -o json each look is one object on a line. A server that goes away
while it is watched is said to be gone, and looked for again; with -o json by an object that has but the time and an error.
)",
        .examples = R"(tidemark stats
tidemark stats --watch
tidemark stats --watch -o json --interval 5s
tidemark stats --watch --interval 5s --url http://localhost:3000
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
room for both. Where records are lost, or may be, as the engine's own files are damaged, the log gets a new epoch, and clients
that come back are told that it is another one. A log that is sound is left alone, and so, without --force, is one of which no record can be read.)",
        .after =
            R"(Interrupted at any moment, the old or the new log is in place, whole. Exit status: 0 the log is sound now, 1 it could
not be repaired (or, with --dry-run, needs it), 2 a mistake in the arguments, 130 interrupted.
)",
        .examples = R"(tidemark repair --dry-run
tidemark repair --data /var/lib/tidemark
)"},
    Command{
        .id = CommandId::export_log,
        .name = "export",
        .arguments = {.usage = "[FILE]", .min = 0, .max = 1},
        .summary = "write a whole log as JSON lines",
        .description =
            R"(Writes everything there is to a log as JSON lines, to a file or to standard output: a first line that says which log it
is, a line for each record with offset, time, key and binary parts, and a last line by which its end is known.)",
        .after =
            R"(The key that signs session ids is a secret and not part of it. A file gets its name when it is whole, and one that is
there is left alone without --force. How much it was and how long it took is said on standard error.
)",
        .examples = R"(tidemark export log.jsonl
tidemark export | gzip > log.jsonl.gz
tidemark export --url http://localhost:3000 --force log.jsonl
)"},
    Command{
        .id = CommandId::import_log,
        .name = "import",
        .arguments = {.usage = "[FILE|-]", .min = 0, .max = 1},
        .summary = "make a new log of an exported one",
        .description =
            R"(Makes a new data directory of what tidemark export wrote: offsets, times, keys, bytes and epoch as they were, on any
engine. Every line is checked, and the new log is read again before it gets its name.)",
        .after = R"(Interrupted at any moment, there is either the whole log or none.
)",
        .examples = R"(tidemark import log.jsonl --data new-data
zcat log.jsonl.gz | tidemark import --data new-data --backend rocksdb
)"},
    Command{
        .id = CommandId::migrate,
        .name = "migrate",
        .summary = "move a log to another engine or directory",
        .description =
            R"(Makes a new log of the one in a directory that no server uses, and proves that it is the same: offsets, times, client
keys, epoch, gaps and the key of the sessions. Clients that come back to a server on the new one recover as if nothing
had happened. The old log stays as it is.)",
        .after =
            R"(With --new-epoch it becomes another log: what to do to serve a backup where the lost log had gone further. Clients get
new sessions, offsets that they may know of the lost log are not given again, and those that ask for status are told of
the gap. Interrupted at any moment, there is either the whole new log or none.
)",
        .examples = R"(tidemark migrate --from sqlite:tidemark-data --to rocksdb:new-data
tidemark migrate --from sqlite:backup-1 --to sqlite:restored-data --new-epoch
)"},
    Command{
        .id = CommandId::backup,
        .name = "backup",
        .arguments = {.usage = "DIR", .min = 1, .max = 1},
        .summary = "copy a log, also of a running server, into a new directory",
        .description =
            R"(Copies a log, up to its newest record of now, into a new data directory of the same engine, and checks the copy. A
running server goes on meanwhile.)",
        .after =
            R"(A copy has the log's epoch. If it takes the place of a log that has gone further since, clients must be told that it is
another one: restore it by 'tidemark migrate --new-epoch'. Interrupted at any moment, there is either the whole copy or
none.
)",
        .examples = R"(tidemark backup backup-1
tidemark backup --url http://localhost:3000 backup-1
)"},
    Command{
        .id = CommandId::trim,
        .name = "trim",
        .summary = "remove the oldest records of a log",
        .description =
            R"(Removes the oldest records of a log that no server uses. Offsets are never given again, and clients that come back for
what is gone are told. A server trims by itself with --retain-age, --retain-bytes and --retain-records.)",
        .after = "",
        .examples = R"(tidemark trim --before 30d --dry-run
tidemark trim --before 2
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
