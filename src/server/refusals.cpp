#include "src/server/refusals.h"

#include <algorithm>

namespace tidemark {
namespace {

/// In the order of the enumeration.
constexpr std::array<std::string_view, kRefusedKinds> kNames = {
    "too_many_connections",
    "too_many_connections_of_address",
    "no_descriptors",
    "silent_connection",
    "bad_request",
    "head_too_large",
    "body_too_large",
    "request_timeout",
    "unread_answer",
    "pipelined",
    "foreign_host",
    "foreign_origin",
    "unknown_session",
    "too_many_sessions",
    "overlapping_polls",
    "unread_session",
    "ping_timeout",
    "connect_timeout",
    "bad_packet",
    "bad_frame",
    "frame_too_large",
    "unfinished_message",
    "surplus_websocket",
    "upgrade_timeout",
    "input_paused",
    "invalid_namespace",
    "bad_auth",
    "too_many_namespaces",
    "too_many_channels",
    "pid_unknown",
    "pid_expired",
    "too_many_reads",
    "too_many_streams",
    "not_stored",
    "unknown_event",
    "missing_payload",
    "too_many_arguments",
    "bad_client_key",
    "payload_too_large",
    "too_deep",
    "too_many_attachments",
    "event_name_too_long",
    "rate_exceeded",
    "channels_full",
    "publisher_paused",
};
static_assert(!kNames.back().empty(), "a kind has no name");

}  // namespace

std::string_view name(Refused kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<Refused> refused_named(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Refused>(found - kNames.begin());
}

}  // namespace tidemark
