// What a client publishes: emit(event, payload, clientOffset?, ack?). Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "protocol/socketio/socketio.h"

namespace tidemark {

struct EventArguments {
  std::string event;
  std::string_view payload;  // JSON, borrows from the packet's data
  std::string client_key;    // empty: none
};

/// Why an event cannot be taken, for `{"error":{"code":...,"message":...}}`. Permanent, but for
/// rate_exceeded: sending it again will not help.
struct Refusal {
  std::string_view code;
  std::string message;
};

/// `packet` is a decoded event or binary event.
[[nodiscard]] std::expected<EventArguments, Refusal> read_event_arguments(const socketio::Packet& packet);

/// [{"error":{"code":"...","message":"..."}}]
[[nodiscard]] std::string refusal_args(const Refusal& refusal);

}  // namespace tidemark
