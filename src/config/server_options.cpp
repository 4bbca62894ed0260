#include "src/base/limits.h"
#include "src/config/channel_pattern.h"
#include "src/config/cors_origin.h"
#include "src/config/option_rows.h"
#include "src/config/option_rules.h"

namespace tidemark {
namespace {

constexpr std::array<std::string_view, 4> kLogLevels = {"debug", "info", "warning", "error"};
constexpr std::string_view kNetwork = "The network";
constexpr std::string_view kTopics = "Channels and events";
constexpr std::string_view kConnections = "Connections";
constexpr std::string_view kFloods = "Limits against floods";
constexpr std::string_view kProcess = "The process";

constexpr std::array kRows = {
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
                   "limit. What is above is refused in its ack. One that connects anew has no more left than any of "
                   "its address whose end the server has noticed. An address thus publishes that much for each "
                   "connection it has, and more by ones that it closes at once: --connections-per-address bounds both.",
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
};

}  // namespace

std::span<const Option> server_options() { return kRows; }

}  // namespace tidemark
