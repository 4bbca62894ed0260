// The options of the commands, most of them of `tidemark serve`: one table (option_table.h) gives the flags, the environment variables, the keys of
// the configuration file, the text of --help and the documented default file. Flags win over the environment, that over
// the file, that over the default.
//
// One name, three spellings: --ping-interval, TIDEMARK_PING_INTERVAL, and `ping-interval` in the file.
//
// Read once at start-up by the main thread; nothing here touches the network or the data directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/limits.h"
#include "src/config/command_table.h"

namespace tidemark {

/// Where the value of an option came from.
enum class Source : std::uint8_t { preset, file, environment, flag };

/// One option as it took effect, for `--log-level debug`, the inspector and error messages.
struct Setting {
  std::string_view name;  // "ping-interval"
  std::string value;      // "25s"; list items are separated by ", "
  Source source;
  std::string origin;  // "default", "/etc/tidemark.toml:12", "TIDEMARK_PING_INTERVAL" or "--ping-interval"
};

/// The defaults stand here; every value that parse_serve returns has passed the checks of the table.
struct ServeOptions {
  std::string backend = "sqlite";
  std::filesystem::path data = "tidemark-data";
  std::uint64_t history = 0;         // newest records of a channel that a first-time client is given; 0 = all
  Millis retain_age{};               // older records are trimmed; 0 = none, as with the next two
  std::uint64_t retain_bytes = 0;    // the kept records may take
  std::uint64_t retain_records = 0;  // newest records kept

  std::uint64_t min_free = limits::kMinFreeDefault;  // bytes on the disk, below which nothing is stored

  std::string host = "localhost";
  std::uint16_t port = 3000;              // 0 = any free port
  std::string api_token;                  // who uses the API must know it; empty = only this machine may
  unsigned io_threads = 0;                // 0 = one per core
  std::vector<std::string> cors_origins;  // "*" or "https://example.org"; beside same-origin and localhost

  std::vector<std::string> channels = {"/", "/chat/*"};  // patterns, see channel_pattern.h
  std::vector<std::string> events = {"chat message"};    // stored in the log
  std::vector<std::string> relays;                       // passed on to live subscribers, not stored

  Millis ping_interval = limits::kPingIntervalDefault;
  Millis ping_timeout = limits::kPingTimeoutDefault;
  Millis connect_timeout = limits::kConnectTimeoutDefault;
  Millis message_timeout = limits::kMessageTimeoutDefault;  // from the first byte to the last
  Millis recovery_window = limits::kRecoveryWindowDefault;  // 0 = sessions are not restored, only the log is
  std::size_t max_payload = limits::kMaxPayloadDefault;     // bytes

  // Against floods.
  std::size_t connections = limits::kConnections;     // open at a time; as many Engine.IO sessions
  std::size_t sessions = limits::kSessions;           // live and within the recovery window
  std::size_t channels_followed = limits::kChannels;  // at a time, by the clients of one I/O thread
  std::size_t channels_per_connection = limits::kNamespacesPerConnection;
  std::size_t connections_per_address = 0;  // 0 = no limit, as with the next one
  std::uint64_t publish_rate = 0;           // events a second, of one connection

  // Nobody needs them otherwise but a test that wants to meet them.
  std::size_t api_reads_waiting = limits::kApiQueue;
  std::size_t api_streams = limits::kApiStreams;

  std::string log_level = "info";  // debug, info, warning, error

  // How it came about.
  bool help = false;                  // --help was given: print command_help() and leave; nothing else was read
  std::filesystem::path config;       // the file that was read; empty = none
  std::vector<Setting> settings;      // every option, in the table's order
  std::vector<std::string> warnings;  // sentences to log once, e.g. about an unknown TIDEMARK_ variable
};

/// What any command was told. Those that work on a log without serving it take its place and engine as serve does.
struct CommandOptions : ServeOptions {
  std::vector<std::string> arguments;  // what stands beside the options: channels, an offset, a file

  // Where the log is, beside `data`.
  std::string url;    // of the server that has it; empty: look into `data`
  std::string token;  // that server's

  bool dry_run = false;  // repair, trim
  std::string source;    // migrate: "sqlite:DIR", see log_place.h
  std::string target;
  std::string before;      // trim: an offset or a moment
  bool new_epoch = false;  // import, migrate

  // append
  std::string key;
  bool keyed = false;
  bool as_json = false;
  std::string as_event = "chat message";
  std::string as_sender = "tidemark";

  // stats
  bool watch = false;
  Millis interval{1000};

  // tail: which records, and how they are shown. Empty and 0 mean all.
  bool follow = false;
  std::uint64_t lines = 10;
  std::string from;   // "17", "earliest", "latest"
  std::string since;  // moments, see moment.h
  std::string until;
  std::vector<std::string> of_events;
  std::vector<std::string> of_senders;
  std::string grep;
  bool ignore_case = false;  // of what grep looks for
  std::uint64_t count = 0;
  std::string output = "text";  // "json", "raw"
  std::string format;           // "{offset} {time} {payload}"

  bool force = false;  // export: replace a file; repair: replace a log of which nothing can be read

  /// Whether somebody said so, wherever; else it is the default.
  [[nodiscard]] bool given(std::string_view option) const;
};

/// `arguments` are those after the command's name. Of the environment and the configuration file a command other than
/// serve takes what it knows and leaves the rest unchecked. Errors as of parse_serve.
[[nodiscard]] Result<CommandOptions> parse_command(CommandId command, std::span<const std::string_view> arguments,
                                                   std::span<const std::string_view> environment);

/// `arguments` are those after the word `serve`; `environment` has entries "NAME=VALUE" (process_environment()).
/// Reads the configuration file if one is named. Errors are one sentence that names where the mistake is and, for a
/// mistyped name, the nearest one: invalid_argument (a usage mistake; exit code 2), not_found or io (the file).
[[nodiscard]] Result<ServeOptions> parse_serve(std::span<const std::string_view> arguments,
                                               std::span<const std::string_view> environment);

/// This process's environment, as views into it.
[[nodiscard]] std::vector<std::string_view> process_environment();

/// The documented configuration file with every option at its default: config/tidemark.toml, byte for byte.
[[nodiscard]] std::string default_config_file();

}  // namespace tidemark
