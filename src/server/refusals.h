// What was refused, counted: one counter for each limit that docs/security.md names, shown at /metrics. Who watches them
// sees an attack, or a limit that is too tight, without a line in the journal for each.
//
// Any thread; counting is one addition, reading is not a snapshot of all of them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemark {

enum class Refused : std::uint8_t {
  // connections
  too_many_connections,
  too_many_connections_of_address,
  no_descriptors,     // accepting paused
  silent_connection,  // no request ever came
  // requests
  bad_request,
  head_too_large,
  body_too_large,
  request_timeout,
  unread_answer,
  pipelined,  // not read further while an answer is on its way
  foreign_host,
  foreign_origin,
  // Engine.IO sessions
  unknown_session,
  too_many_sessions,
  overlapping_polls,
  unread_session,  // a polling client does not read what it is answered
  ping_timeout,
  connect_timeout,
  bad_packet,
  // WebSockets
  bad_frame,
  frame_too_large,
  unfinished_message,
  surplus_websocket,
  upgrade_timeout,
  input_paused,  // not read further while answers are not read
  // CONNECT
  invalid_namespace,
  bad_auth,
  too_many_namespaces,
  too_many_channels,
  pid_unknown,
  pid_expired,
  // the HTTP API
  too_many_reads,  // more pages of the log than may wait
  too_many_streams,
  not_stored,  // a publish that storage did not take
  // events; these are the codes of the acks
  unknown_event,
  missing_payload,
  too_many_arguments,
  bad_client_key,
  payload_too_large,
  too_deep,
  too_many_attachments,
  event_name_too_long,
  rate_exceeded,
  channels_full,     // a new channel, where the log has as many as it may have
  publisher_paused,  // not refused: its publisher waits
};

inline constexpr std::size_t kRefusedKinds = static_cast<std::size_t>(Refused::publisher_paused) + 1;

/// As the enumerator is written: "head_too_large".
[[nodiscard]] std::string_view name(Refused kind);
/// The kind of that name; nothing if there is none.
[[nodiscard]] std::optional<Refused> refused_named(std::string_view name);

class Refusals {
 public:
  void count(Refused kind) { at(kind).fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t of(Refused kind) const {
    return counts_[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t>& at(Refused kind) { return counts_[static_cast<std::size_t>(kind)]; }

  std::array<std::atomic<std::uint64_t>, kRefusedKinds> counts_{};
};

}  // namespace tidemark
