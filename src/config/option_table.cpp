#include "src/config/option_table.h"

#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <array>
#include <optional>

#include "src/config/channel_pattern.h"
#include "src/config/cors_origin.h"
#include "src/config/log_place.h"
#include "src/config/moment.h"
#include "src/config/nearest_name.h"
#include "src/config/server_url.h"
#include "src/config/value_text.h"

namespace tidemark {
namespace {

constexpr std::array<std::string_view, 3> kBackends = {"sqlite", "rocksdb", "memory"};
constexpr std::array<std::string_view, 3> kOutputs = {"text", "json", "raw"};
constexpr std::array<std::string_view, 4> kLogLevels = {"debug", "info", "warning", "error"};
// Names of Socket.IO's own events, "Emit cheatsheet"; a handler for them would never see a client's event.
constexpr std::array<std::string_view, 6> kSocketIoEvents = {"connect",       "connect_error", "disconnect",
                                                             "disconnecting", "newListener",   "removeListener"};

std::string_view why_no_path(std::string_view text) { return text.empty() ? "a path must not be empty" : ""; }

std::string_view why_no_host(std::string_view text) {
  if (text.empty()) return "a host must not be empty; 0.0.0.0 or :: listens on every address";
  if (text.find_first_of("/ \t") != std::string_view::npos) return "a host is a name or an address, without a scheme";
  return {};
}

std::string_view why_no_token(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() < limits::kApiTokenBytesMin)
    return "a token must have at least 16 characters: it must not be guessed";
  if (text.size() > limits::kApiTokenBytes) return "a token must not be longer than 255 characters";
  const auto visible = [](unsigned char c) { return c > 0x20 && c < 0x7f; };
  return std::ranges::all_of(text, visible) ? "" : "a token has visible ASCII characters only";
}

std::string_view why_no_event(std::string_view text) {
  if (text.empty()) return "an event's name must not be empty";
  if (text.size() > limits::kEventNameBytes) return "an event's name must not be longer than 255 bytes";
  if (is_event_reserved(text)) return "this event's name is reserved by Socket.IO or, starting with log:, by Tidemark";
  return {};
}

std::string_view why_no_start(std::string_view text) {
  const auto offset = parse_number(text);
  if (text == "earliest" || text == "latest" || (offset && *offset <= Offset::kMax)) return {};
  return "must be an offset, earliest or latest";
}

std::string_view why_no_expression(std::string_view text) {
  regex_t compiled;
  if (::regcomp(&compiled, std::string(text).c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
    return "must be a POSIX extended regular expression, as of grep -E";
  }
  ::regfree(&compiled);
  return {};
}

std::string_view why_no_place_to_trim(std::string_view text) {
  const auto offset = parse_number(text);
  if ((offset && *offset >= 1 && *offset <= Offset::kMax) || (!offset && why_no_moment(text).empty())) return {};
  return "must be an offset, a time ago such as 30d (ms, s, m, h, d), or a date such as 2026-01-02T15:04";
}

std::string_view why_no_key(std::string_view text) {
  if (text.empty()) return "a key must not be empty";
  return text.size() > limits::kClientKeyBytes ? "a key must not be longer than 255 bytes" : "";
}

std::string_view why_no_sender(std::string_view text) {
  if (text.empty()) return "a sender must not be empty";
  return text.size() > limits::kSenderBytes ? "a sender must not be longer than 255 bytes" : "";
}

constexpr auto milliseconds(Millis m) { return static_cast<std::uint64_t>(m.count()); }

constexpr std::string_view kLog = "The log";
constexpr std::string_view kNetwork = "The network";
constexpr std::string_view kTopics = "Channels and events";
constexpr std::string_view kConnections = "Connections";
constexpr std::string_view kFloods = "Limits against floods";
constexpr std::string_view kProcess = "The process";
constexpr std::string_view kRepair = "The repair";
constexpr std::string_view kNoDefault = "none";
constexpr std::string_view kRecords = "Which records";
constexpr std::string_view kMessage = "The records";
constexpr std::string_view kMigration = "The two logs";
constexpr std::string_view kTrim = "What goes";
constexpr std::string_view kView = "The view";
constexpr std::string_view kShape = "How they are shown";

constexpr auto kOffline =
    only(CommandId::verify) | only(CommandId::repair) | only(CommandId::trim);  // on a log nobody serves
constexpr auto kReading = only(CommandId::tail) | only(CommandId::info) | only(CommandId::channels) |
                          only(CommandId::get) | only(CommandId::append) | only(CommandId::stats) |
                          only(CommandId::export_log) | only(CommandId::backup);  // on any log, also one that is served

const std::array kTable = {
    Option{.group = kLog,
           .name = "backend",
           .field = &ServeOptions::backend,
           .kind = ValueKind::choice,
           .value_name = "ENGINE",
           .help = "Storage engine of the log. sqlite and rocksdb keep every acknowledged record on disk, sqlite in "
                   "one file that "
                   "people can read, rocksdb in less space; memory forgets all at the end.",
           .choices = kBackends},
    Option{.group = kLog,
           .name = "data",
           .field = &ServeOptions::data,
           .kind = ValueKind::text,
           .value_name = "DIR",
           .help = "Data directory, made if missing; one server uses it at a time. A relative path starts where the "
                   "server was started.",
           .problem = why_no_path},
    Option{.group = kLog,
           .name = "data",
           .field = &ServeOptions::data,
           .kind = ValueKind::text,
           .value_name = "DIR",
           .help = "Data directory of the log. No server may use it meanwhile.",
           .problem = why_no_path,
           .commands = kOffline},
    Option{.group = kLog,
           .name = "backend",
           .field = &ServeOptions::backend,
           .kind = ValueKind::choice,
           .value_name = "ENGINE",
           .help = "Storage engine of the log; needed only where the directory holds the files of several.",
           .choices = std::span(kBackends).first(kBackends.size() - 1),  // the last one, memory, leaves nothing behind
           .commands = kOffline | kReading,
           .otherwise = "the one whose files are there"},
    Option{.group = kLog,
           .name = "data",
           .field = &ServeOptions::data,
           .kind = ValueKind::text,
           .value_name = "DIR",
           .help = "Data directory of the log. If a server uses it, that server is asked.",
           .problem = why_no_path,
           .commands = kReading},
    Option{.group = kLog,
           .name = "url",
           .field = &CommandOptions::url,
           .kind = ValueKind::text,
           .value_name = "URL",
           .help = "Address of a server whose log is meant, such as http://localhost:3000, in place of a directory.",
           .problem = why_no_server_url,
           .in_file = false,
           .commands = kReading},
    Option{.group = kLog,
           .name = "token",
           .field = &CommandOptions::token,
           .kind = ValueKind::text,
           .value_name = "TOKEN",
           .help = "The server's API token, where it has one. The variable keeps it out of the process list.",
           .in_file = false,
           .secret = true,
           .commands = kReading},
    Option{
        .group = kLog,
        .name = "history",
        .field = &ServeOptions::history,
        .kind = ValueKind::number,
        .value_name = "N",
        .help = "Newest records of a channel that a client gets when it has seen nothing yet; 0 gives it all of them.",
        .max = Offset::kMax},
    Option{.group = kLog,
           .name = "retain-age",
           .field = &ServeOptions::retain_age,
           .kind = ValueKind::duration,
           .value_name = "MS",
           .help =
               "Age at which records are removed, such as 30d. 0 keeps them for ever. Of several limits the strictest "
               "counts.",
           .max = milliseconds(limits::kRetainAgeCeiling)},
    Option{.group = kLog,
           .name = "retain-bytes",
           .field = &ServeOptions::retain_bytes,
           .kind = ValueKind::bytes,
           .value_name = "BYTES",
           .help =
               "Space that records may take, such as 10GB; beyond it the oldest are removed. 0 sets no limit. SQLite "
               "uses the space of removed records again; its file does not shrink.",
           .max = limits::kRetainBytesCeiling},
    Option{.group = kLog,
           .name = "retain-records",
           .field = &ServeOptions::retain_records,
           .kind = ValueKind::number,
           .value_name = "N",
           .help = "Newest records that are kept, of all channels together; older ones are removed. 0 sets no limit.",
           .max = Offset::kMax},
    Option{.group = kLog,
           .name = "min-free",
           .field = &ServeOptions::min_free,
           .kind = ValueKind::bytes,
           .value_name = "BYTES",
           .help = "Free bytes on the data directory's disk below which nothing is stored or acknowledged, until there "
                   "is room again; reading goes on. An engine may insist on more.",
           .max = limits::kMinFreeCeiling},

    Option{.group = kNetwork,
           .name = "host",
           .field = &ServeOptions::host,
           .kind = ValueKind::text,
           .value_name = "HOST",
           .help = "Name or address to listen on. 0.0.0.0 or :: takes connections from other machines.",
           .problem = why_no_host},
    Option{.group = kNetwork,
           .name = "port",
           .field = &ServeOptions::port,
           .kind = ValueKind::number,
           .value_name = "N",
           .help = "TCP port to listen on; 0 takes any free one and says which.",
           .max = limits::kPortMax},
    Option{.group = kNetwork,
           .name = "cors-origin",
           .field = &ServeOptions::cors_origins,
           .kind = ValueKind::list,
           .value_name = "ORIGIN",
           .help = "Origin whose pages may connect, such as https://example.org, or * for all. The server's own pages "
                   "and those of localhost always may; but a server that listens on localhost has no other name than "
                   "those listed here. Without a token * does not count for the HTTP API.",
           .problem = why_no_cors_origin},
    Option{.group = kNetwork,
           .name = "api-token",
           .field = &ServeOptions::api_token,
           .kind = ValueKind::text,
           .value_name = "TOKEN",
           .help = "Secret that whoever uses the HTTP API must send (Authorization: Bearer TOKEN), this machine "
                   "included. Without one the API answers this machine only. Keep it out of the command line: set "
                   "TIDEMARK_API_TOKEN or write it into the file.",
           .problem = why_no_token,
           .secret = true},
    Option{.group = kNetwork,
           .name = "io-threads",
           .field = &ServeOptions::io_threads,
           .kind = ValueKind::number,
           .value_name = "N",
           .help = "Threads that serve connections; 0 takes one per core.",
           .max = limits::kIoThreadsCeiling},

    Option{.group = kTopics,
           .name = "channel",
           .field = &ServeOptions::channels,
           .kind = ValueKind::list,
           .value_name = "PATTERN",
           .help = "Socket.IO namespace that is a channel. /chat/* stands for every name that goes on after /chat/, "
                   "further slashes included.",
           .min = 1,
           .problem = why_no_channel_pattern},
    Option{.group = kTopics,
           .name = "event",
           .field = &ServeOptions::events,
           .kind = ValueKind::list,
           .value_name = "NAME",
           .help = "Event that is stored in the log before it is acknowledged and broadcast.",
           .problem = why_no_event},
    Option{.group = kTopics,
           .name = "relay",
           .field = &ServeOptions::relays,
           .kind = ValueKind::list,
           .value_name = "NAME",
           .help = "Event that is passed on to the clients connected now and not stored, such as typing.",
           .problem = why_no_event},

    Option{.group = kConnections,
           .name = "ping-interval",
           .field = &ServeOptions::ping_interval,
           .kind = ValueKind::duration,
           .value_name = "MS",
           .help = "Time between the server's pings.",
           .min = 1,
           .max = milliseconds(limits::kTimeoutCeiling)},
    Option{.group = kConnections,
           .name = "ping-timeout",
           .field = &ServeOptions::ping_timeout,
           .kind = ValueKind::duration,
           .value_name = "MS",
           .help = "Time a client has for its answer to a ping before it is taken for gone.",
           .min = 1,
           .max = milliseconds(limits::kTimeoutCeiling)},
    Option{.group = kConnections,
           .name = "connect-timeout",
           .field = &ServeOptions::connect_timeout,
           .kind = ValueKind::duration,
           .value_name = "MS",
           .help = "Time a new connection has to join its first channel.",
           .min = 1,
           .max = milliseconds(limits::kTimeoutCeiling)},
    Option{.group = kConnections,
           .name = "message-timeout",
           .field = &ServeOptions::message_timeout,
           .kind = ValueKind::duration,
           .value_name = "MS",
           .help = "Time from the first byte of a request, of a message over WebSocket or of an event with binary "
                   "parts to its "
                   "last.",
           .min = 1,
           .max = milliseconds(limits::kTimeoutCeiling)},
    Option{.group = kConnections,
           .name = "recovery-window",
           .field = &ServeOptions::recovery_window,
           .kind = ValueKind::duration,
           .value_name = "MS",
           .help = "How long a client may be away and still get its session back; missed records it gets in any case. "
                   "0 restores no session.",
           .max = milliseconds(limits::kRecoveryWindowCeiling)},
    Option{
        .group = kConnections,
        .name = "max-payload",
        .field = &ServeOptions::max_payload,
        .kind = ValueKind::bytes,
        .value_name = "BYTES",
        .help =
            "Largest message a client may send, in one WebSocket message or one polling request. An event above it is "
            "refused in its ack.",
        .min = limits::kMaxPayloadFloor,
        .max = limits::kMaxPayloadCeiling},

    Option{.group = kFloods,
           .name = "connections",
           .field = &ServeOptions::connections,
           .kind = ValueKind::number,
           .value_name = "N",
           .help = "Connections open at a time, and clients over polling. One more is refused with status 503.",
           .min = 1,
           .max = limits::kConnections},
    Option{.group = kFloods,
           .name = "sessions",
           .field = &ServeOptions::sessions,
           .kind = ValueKind::number,
           .value_name = "N",
           .help = "Sessions remembered, those of clients that are away within the recovery window included. Who left "
                   "first makes room; while all are there, one more is refused in words.",
           .min = 1,
           .max = limits::kSessions},
    Option{.group = kFloods,
           .name = "channels-followed",
           .field = &ServeOptions::channels_followed,
           .kind = ValueKind::number,
           .value_name = "N",
           .help = "Channels that the clients of one I/O thread may follow at a time. Joining one more is refused in "
                   "words.",
           .min = 1,
           .max = limits::kChannels},
    Option{.group = kFloods,
           .name = "channels-per-connection",
           .field = &ServeOptions::channels_per_connection,
           .kind = ValueKind::number,
           .value_name = "N",
           .help = "Channels that one connection may follow at a time. Joining one more is refused in words.",
           .min = 1,
           .max = limits::kNamespacesPerConnectionCeiling},
    Option{.group = kFloods,
           .name = "connections-per-address",
           .field = &ServeOptions::connections_per_address,
           .kind = ValueKind::number,
           .value_name = "N",
           .help =
               "Connections one address may have open at a time; 0 sets no limit. A session over polling is one more, "
               "and addresses of IPv6 count by their first 64 bits. Behind a proxy all clients have its address.",
           .max = limits::kConnectionsPerAddressCeiling},
    Option{.group = kFloods,
           .name = "publish-rate",
           .field = &ServeOptions::publish_rate,
           .kind = ValueKind::number,
           .value_name = "N",
           .help = "Events a second that one connection may publish, and at once after a second of silence; 0 sets no "
                   "limit. What is above is refused in its ack.",
           .max = limits::kPublishRateCeiling},

    Option{.group = kProcess,
           .name = "log-level",
           .field = &ServeOptions::log_level,
           .kind = ValueKind::choice,
           .value_name = "LEVEL",
           .help = "Least important lines that are still written to standard error.",
           .choices = kLogLevels},
    Option{.group = kProcess,
           .name = "config",
           .field = &ServeOptions::config,
           .kind = ValueKind::text,
           .value_name = "FILE",
           .help = "Configuration file in TOML; its keys are the names of these options.",
           .problem = why_no_path,
           .in_file = false,
           .commands = only(CommandId::serve) | kOffline | kReading | only(CommandId::import_log)},

    Option{.group = kRepair,
           .name = "dry-run",
           .field = &CommandOptions::dry_run,
           .kind = ValueKind::none,
           .value_name = "",
           .help = "Say what would be kept and what would be lost, and change nothing.",
           .in_file = false,
           .commands = only(CommandId::repair)},
    Option{.group = kTrim,
           .name = "before",
           .field = &CommandOptions::before,
           .kind = ValueKind::text,
           .value_name = "OFFSET|TIME",
           .help = "Remove what is older: records below this offset, or before this moment, such as 30d (ago) "
                   "or 2026-01-02. The newest record always stays.",
           .problem = why_no_place_to_trim,
           .in_file = false,
           .commands = only(CommandId::trim),
           .flag_only = true},
    Option{.group = kTrim,
           .name = "dry-run",
           .field = &CommandOptions::dry_run,
           .kind = ValueKind::none,
           .value_name = "",
           .help = "Say what would be removed, and change nothing.",
           .in_file = false,
           .commands = only(CommandId::trim)},

    Option{.group = kMigration,
           .name = "from",
           .field = &CommandOptions::source,
           .kind = ValueKind::text,
           .value_name = "ENGINE:DIR",
           .help = "The log as it is, such as sqlite:tidemark-data. Nothing in it is changed.",
           .problem = why_no_log_place,
           .in_file = false,
           .commands = only(CommandId::migrate),
           .flag_only = true},
    Option{.group = kMigration,
           .name = "to",
           .field = &CommandOptions::target,
           .kind = ValueKind::text,
           .value_name = "ENGINE:DIR",
           .help = "The log to make, such as rocksdb:new-data. The directory must be new, or empty.",
           .problem = why_no_log_place,
           .in_file = false,
           .commands = only(CommandId::migrate),
           .flag_only = true},

    Option{.group = kLog,
           .name = "data",
           .field = &ServeOptions::data,
           .kind = ValueKind::text,
           .value_name = "DIR",
           .help = "Data directory to make. It must be new, or empty.",
           .problem = why_no_path,
           .commands = only(CommandId::import_log)},
    Option{.group = kLog,
           .name = "backend",
           .field = &ServeOptions::backend,
           .kind = ValueKind::choice,
           .value_name = "ENGINE",
           .help = "Storage engine of the new log; it need not be the exported one's.",
           .choices = std::span(kBackends).first(kBackends.size() - 1),
           .commands = only(CommandId::import_log)},
    Option{.group = kLog,
           .name = "new-epoch",
           .field = &CommandOptions::new_epoch,
           .kind = ValueKind::none,
           .value_name = "",
           .help = "Make it another log for the clients: what to do where records may have been stored after the "
                   "copy was made. Without, clients go on as if it were the same one.",
           .in_file = false,
           .commands = only(CommandId::import_log) | only(CommandId::migrate),
           .flag_only = true},

    Option{.group = kMessage,
           .name = "key",
           .field = &CommandOptions::key,
           .kind = ValueKind::text,
           .value_name = "KEY",
           .help = "Client key: appended twice with the same one, a record is stored once. Of several lines each has "
                   "its number behind it: KEY-1, KEY-2.",
           .problem = why_no_key,
           .in_file = false,
           .commands = only(CommandId::append),
           .letter = 'k',
           .flag_only = true},
    Option{.group = kMessage,
           .name = "keyed",
           .field = &CommandOptions::keyed,
           .kind = ValueKind::none,
           .value_name = "",
           .help = "Each line has its own client key and a tab before the text.",
           .in_file = false,
           .commands = only(CommandId::append),
           .letter = 'K',
           .flag_only = true},
    Option{.group = kMessage,
           .name = "json",
           .field = &CommandOptions::as_json,
           .kind = ValueKind::none,
           .value_name = "",
           .help = "The text is JSON and stored as it is; else it is stored as a JSON string.",
           .in_file = false,
           .commands = only(CommandId::append),
           .letter = 'j',
           .flag_only = true},
    Option{.group = kMessage,
           .name = "event",
           .field = &CommandOptions::as_event,
           .kind = ValueKind::text,
           .value_name = "NAME",
           .help = "Event of the records; a running server takes those that it stores (its --event).",
           .problem = why_no_event,
           .in_file = false,
           .commands = only(CommandId::append),
           .flag_only = true},
    Option{.group = kMessage,
           .name = "sender",
           .field = &CommandOptions::as_sender,
           .kind = ValueKind::text,
           .value_name = "NAME",
           .help = "Sender of the records.",
           .problem = why_no_sender,
           .in_file = false,
           .commands = only(CommandId::append),
           .flag_only = true},

    Option{.group = kView,
           .name = "watch",
           .field = &CommandOptions::watch,
           .kind = ValueKind::none,
           .value_name = "",
           .help = "Look again and again, with rates, until interrupted.",
           .in_file = false,
           .commands = only(CommandId::stats),
           .letter = 'w',
           .flag_only = true},
    Option{.group = kView,
           .name = "interval",
           .field = &CommandOptions::interval,
           .kind = ValueKind::duration,
           .value_name = "MS",
           .help = "Time between two looks.",
           .min = 100,
           .max = milliseconds(limits::kTimeoutCeiling),
           .in_file = false,
           .commands = only(CommandId::stats),
           .flag_only = true},

    Option{.group = kRecords,
           .name = "follow",
           .field = &CommandOptions::follow,
           .kind = ValueKind::none,
           .value_name = "",
           .help = "Go on with every new record, across restarts of the server, until interrupted.",
           .in_file = false,
           .commands = only(CommandId::tail),
           .letter = 'f',
           .flag_only = true},
    Option{.group = kRecords,
           .name = "lines",
           .field = &CommandOptions::lines,
           .kind = ValueKind::number,
           .value_name = "N",
           .help = "The newest N of the records that are meant; 0 for none.",
           .max = Offset::kMax,
           .in_file = false,
           .commands = only(CommandId::tail),
           .otherwise = "10, or all with --from, --since, --until or --count",
           .letter = 'n',
           .flag_only = true},
    Option{.group = kRecords,
           .name = "from",
           .field = &CommandOptions::from,
           .kind = ValueKind::text,
           .value_name = "OFFSET",
           .help = "Begin at this offset, at the oldest record (earliest) or behind the newest (latest).",
           .problem = why_no_start,
           .in_file = false,
           .commands = only(CommandId::tail),
           .flag_only = true},
    Option{.group = kRecords,
           .name = "since",
           .field = &CommandOptions::since,
           .kind = ValueKind::text,
           .value_name = "TIME",
           .help = "Begin at this moment: a time ago such as 10m, a date such as 2026-01-02T15:04 (local time, or with "
                   "Z or +01:00), today or yesterday.",
           .problem = why_no_moment,
           .in_file = false,
           .commands = only(CommandId::tail),
           .flag_only = true},
    Option{.group = kRecords,
           .name = "until",
           .field = &CommandOptions::until,
           .kind = ValueKind::text,
           .value_name = "TIME",
           .help = "End before this moment, written like --since.",
           .problem = why_no_moment,
           .in_file = false,
           .commands = only(CommandId::tail),
           .flag_only = true},
    Option{.group = kRecords,
           .name = "event",
           .field = &CommandOptions::of_events,
           .kind = ValueKind::list,
           .value_name = "NAME",
           .help = "Only records of this event, or of any of these.",
           .in_file = false,
           .commands = only(CommandId::tail),
           .flag_only = true},
    Option{.group = kRecords,
           .name = "sender",
           .field = &CommandOptions::of_senders,
           .kind = ValueKind::list,
           .value_name = "NAME",
           .help = "Only records of this sender, or of any of these.",
           .in_file = false,
           .commands = only(CommandId::tail),
           .flag_only = true},
    Option{.group = kRecords,
           .name = "grep",
           .field = &CommandOptions::grep,
           .kind = ValueKind::text,
           .value_name = "RE",
           .help = "Only records whose payload, as JSON text, matches this extended regular expression.",
           .problem = why_no_expression,
           .in_file = false,
           .commands = only(CommandId::tail),
           .letter = 'g',
           .flag_only = true},
    Option{.group = kRecords,
           .name = "count",
           .field = &CommandOptions::count,
           .kind = ValueKind::number,
           .value_name = "N",
           .help = "End after the first N records.",
           .min = 1,
           .max = Offset::kMax,
           .in_file = false,
           .commands = only(CommandId::tail),
           .otherwise = kNoDefault,
           .letter = 'c',
           .flag_only = true},

    Option{.group = kShape,
           .name = "output",
           .field = &CommandOptions::output,
           .kind = ValueKind::choice,
           .value_name = "FORM",
           .help = "text is for people; json is one object a line; raw is the payload alone, a line each.",
           .choices = kOutputs,
           .in_file = false,
           .commands = only(CommandId::tail) | only(CommandId::get),
           .letter = 'o',
           .flag_only = true},
    Option{.group = kShape,
           .name = "output",
           .field = &CommandOptions::output,
           .kind = ValueKind::choice,
           .value_name = "FORM",
           .help = "text is for people, json for programs.",
           .choices = std::span(kOutputs).first(2),
           .in_file = false,
           .commands = only(CommandId::info) | only(CommandId::channels),
           .letter = 'o',
           .flag_only = true},
    Option{.group = kShape,
           .name = "format",
           .field = &CommandOptions::format,
           .kind = ValueKind::text,
           .value_name = "TEXT",
           .help = "A line of this text for each record, with {offset}, {time}, {channel}, {event}, {sender}, {key}, "
                   "{payload}, {attachments} (how many), {json} or {position} in it; {{ is a brace, \\t and \\n are "
                   "tab and line end. A line break within one of them is shown as \\n.",
           .in_file = false,
           .commands = only(CommandId::tail) | only(CommandId::get),
           .flag_only = true},
};

std::string bound_text(const Option& option, std::uint64_t bound) {
  if (option.kind == ValueKind::bytes) return bytes_text(bound);
  if (option.kind == ValueKind::duration) return duration_text(Millis(bound));
  return std::to_string(bound);
}

std::string expectation(const Option& option) {
  const auto between = [&](std::string_view what) {
    return fmt::format("must be {} from {} to {}", what, bound_text(option, option.min),
                       bound_text(option, option.max));
  };
  if (option.kind == ValueKind::bytes) return fmt::format("{}: {}", between("a size"), bytes_form());
  if (option.kind == ValueKind::duration) return fmt::format("{}: {}", between("a time"), duration_form());
  return between("a number");
}

std::optional<std::uint64_t> parse_quantity(ValueKind kind, std::string_view text) {
  if (kind == ValueKind::bytes) return parse_bytes(text);
  if (kind == ValueKind::number) return parse_number(text);
  const auto duration = parse_duration(text);
  return duration ? std::optional(milliseconds(*duration)) : std::nullopt;
}

/// The value in the field's own type; quantities were checked against the option's bounds, which fit the field.
template <class T>
T converted(const Option& option, const std::string& text) {
  if constexpr (std::is_same_v<T, bool>) {
    return text == "true";
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>) {
    return T(text);
  } else {
    return T(static_cast<T>(*parse_quantity(option.kind, text)));
  }
}

std::string problem_with(const Option& option, const std::string& text) {
  switch (option.kind) {
    case ValueKind::choice:
      if (std::ranges::find(option.choices, text) == option.choices.end())
        return fmt::format("must be one of {}", fmt::join(option.choices, ", "));
      return {};
    case ValueKind::none: return text == "true" || text == "false" ? std::string() : "must be true or false";
    case ValueKind::text:
    case ValueKind::list: return option.problem ? std::string(option.problem(text)) : std::string();
    case ValueKind::number:
    case ValueKind::bytes:
    case ValueKind::duration: {
      const auto quantity = parse_quantity(option.kind, text);
      return quantity && *quantity >= option.min && *quantity <= option.max ? std::string() : expectation(option);
    }
  }
  return {};
}

}  // namespace

std::string Option::flag() const { return fmt::format("--{}", name); }

std::string Option::variable() const {
  std::string out(kVariablePrefix);
  for (const char c : name) out += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
  return out;
}

std::expected<void, Option::Refusal> Option::assign(std::span<const std::string> values,
                                                    CommandOptions& options) const {
  for (const auto& value : values) {
    if (auto wrong = problem_with(*this, value); !wrong.empty())
      return std::unexpected(Refusal{value, std::move(wrong)});
  }
  if (repeatable() && (values.size() < min || values.size() > limits::kOptionListEntries)) {
    return std::unexpected(Refusal{fmt::format("{}", fmt::join(values, ", ")),
                                   fmt::format("takes {} to {} of them", min, limits::kOptionListEntries)});
  }
  std::visit(
      [&]<class T, class Options>(T Options::*member) {
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          (options.*member).assign(values.begin(), values.end());
        } else {
          options.*member = converted<T>(*this, values.back());
        }
      },
      field);
  return {};
}

std::vector<std::string> Option::items(const CommandOptions& options) const {
  return std::visit(
      [&]<class T, class Options>(T Options::*member) -> std::vector<std::string> {
        const T& value = options.*member;
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          return value;
        } else if constexpr (std::is_same_v<T, std::string>) {
          return {value};
        } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
          return {value.string()};
        } else if constexpr (std::is_same_v<T, bool>) {
          return {value ? "true" : "false"};
        } else if constexpr (std::is_same_v<T, Millis>) {
          return {duration_text(value)};
        } else {
          return {bound_text(*this, value)};
        }
      },
      field);
}

std::span<const Option> option_table() { return kTable; }

const Option* find_option(std::string_view name, CommandId command) {
  const auto found = std::ranges::find_if(
      kTable, [&](const Option& option) { return option.name == name && option.taken_by(command); });
  return found == kTable.end() ? nullptr : &*found;
}

const Option* find_option(char letter, CommandId command) {
  const auto found = std::ranges::find_if(
      kTable, [&](const Option& option) { return option.letter == letter && option.taken_by(command); });
  return letter == '\0' || found == kTable.end() ? nullptr : &*found;
}

std::string suggestion(std::string_view mistyped, std::string (*spell)(const Option&), CommandId command) {
  std::vector<std::string_view> names;
  for (const Option& option : kTable) {
    if (option.taken_by(command)) names.push_back(option.name);
  }
  const auto name = nearest_name(mistyped, names);
  return name ? fmt::format("; did you mean {}?", spell(*find_option(*name, command))) : std::string();
}

bool is_event_reserved(std::string_view event) {
  return event.starts_with("log:") || std::ranges::find(kSocketIoEvents, event) != kSocketIoEvents.end();
}

}  // namespace tidemark
