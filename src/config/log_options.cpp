#include "src/base/limits.h"
#include "src/base/offset.h"
#include "src/config/option_rows.h"
#include "src/config/option_rules.h"
#include "src/config/server_url.h"

namespace tidemark {
namespace {

constexpr std::array kRows = {
    Option{.group = kLogGroup,
           .name = "backend",
           .field = &ServeOptions::backend,
           .kind = ValueKind::choice,
           .value_name = "ENGINE",
           .help = "Storage engine of the log. sqlite and rocksdb keep every acknowledged record on disk, sqlite in "
                   "one file that "
                   "people can read, rocksdb in less space; memory forgets all at the end. Where none is said "
                   "and the data directory holds a log, that log's.",
           .choices = kBackends},
    Option{.group = kLogGroup,
           .name = "data",
           .field = &ServeOptions::data,
           .kind = ValueKind::text,
           .value_name = "DIR",
           .help = "Data directory, made if missing; one server uses it at a time. A relative path starts where the "
                   "server was started.",
           .problem = why_no_path},
    Option{.group = kLogGroup,
           .name = "data",
           .field = &ServeOptions::data,
           .kind = ValueKind::text,
           .value_name = "DIR",
           .help = "Data directory of the log. No server may use it meanwhile.",
           .problem = why_no_path,
           .commands = kOffline},
    Option{.group = kLogGroup,
           .name = "backend",
           .field = &ServeOptions::backend,
           .kind = ValueKind::choice,
           .value_name = "ENGINE",
           .help = "Storage engine of the log; needed only where the directory holds the files of several.",
           .choices = kLastingBackends,
           .commands = kOffline | kReading,
           .otherwise = "the one whose files are there"},
    Option{.group = kLogGroup,
           .name = "data",
           .field = &ServeOptions::data,
           .kind = ValueKind::text,
           .value_name = "DIR",
           .help = "Data directory of the log. If a server uses it, that server is asked.",
           .problem = why_no_path,
           .commands = kReading},
    Option{.group = kLogGroup,
           .name = "url",
           .field = &CommandOptions::url,
           .kind = ValueKind::text,
           .value_name = "URL",
           .help =
               "Address of a server whose log is meant, such as http://localhost:3000 or localhost:3000, in place of a "
               "directory.",
           .problem = why_no_server_url,
           .in_file = false,
           .commands = kReading},
    Option{.group = kLogGroup,
           .name = "token",
           .field = &CommandOptions::token,
           .kind = ValueKind::text,
           .value_name = "TOKEN",
           .help = "The server's API token, where it has one. The variable keeps it out of the process list.",
           .in_file = false,
           .secret = true,
           .commands = kReading},
    Option{
        .group = kLogGroup,
        .name = "history",
        .field = &ServeOptions::history,
        .kind = ValueKind::number,
        .value_name = "N",
        .help = "Newest records of a channel that a client gets when it has seen nothing yet; 0 gives it all of them.",
        .max = Offset::kMax},
    Option{.group = kLogGroup,
           .name = "retain-age",
           .field = &ServeOptions::retain_age,
           .kind = ValueKind::duration,
           .value_name = "MS",
           .help =
               "Age at which records are removed, such as 30d. 0 keeps them for ever. Of several limits the strictest "
               "counts.",
           .max = milliseconds(limits::kRetainAgeCeiling)},
    Option{.group = kLogGroup,
           .name = "retain-bytes",
           .field = &ServeOptions::retain_bytes,
           .kind = ValueKind::bytes,
           .value_name = "BYTES",
           .help =
               "Space that records may take, such as 10GB; beyond it the oldest are removed. 0 sets no limit. SQLite "
               "uses the space of removed records again; its file does not shrink.",
           .max = limits::kRetainBytesCeiling},
    Option{.group = kLogGroup,
           .name = "retain-records",
           .field = &ServeOptions::retain_records,
           .kind = ValueKind::number,
           .value_name = "N",
           .help = "Newest records that are kept, of all channels together; older ones are removed. 0 sets no limit.",
           .max = Offset::kMax},
    Option{.group = kLogGroup,
           .name = "min-free",
           .field = &ServeOptions::min_free,
           .kind = ValueKind::bytes,
           .value_name = "BYTES",
           .help = "Free bytes on the data directory's disk below which nothing is stored or acknowledged, until there "
                   "is room again; reading goes on. An engine may insist on more.",
           .max = limits::kMinFreeCeiling},
};

}  // namespace

std::span<const Option> log_options() { return kRows; }

}  // namespace tidemark
