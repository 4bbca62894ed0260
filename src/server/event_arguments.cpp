#include "src/server/event_arguments.h"

#include <fmt/format.h>

#include "protocol/json/json.h"
#include "src/base/limits.h"

namespace tidemark {
namespace {

Refusal refusal_of(socketio::Excess excess) {
  switch (excess) {
    case socketio::Excess::depth:
      return {"too_deep", fmt::format("JSON may be nested {} arrays and objects deep", limits::kJsonDepth)};
    case socketio::Excess::event_name:
      return {"event_name_too_long", fmt::format("an event's name may have {} bytes", limits::kEventNameBytes)};
    case socketio::Excess::attachments:
      return {"too_many_attachments", fmt::format("an event may have {} binary parts: a stock client takes no more",
                                                  limits::kAttachmentsPerEvent)};
    case socketio::Excess::bytes:
      return {"payload_too_large", "an event, binary parts included, may have the handshake's maxPayload of bytes"};
    case socketio::Excess::arguments:
    case socketio::Excess::none: break;
  }
  return {"too_many_arguments", "an event takes one payload and a client key: emit(event, payload, clientKey)"};
}

}  // namespace

std::expected<EventArguments, Refusal> read_event_arguments(const socketio::Packet& packet) {
  if (packet.excess != socketio::Excess::none) return std::unexpected(refusal_of(packet.excess));
  const auto elements = json::split_array(packet.data, limits::kJsonDepth, limits::kEventArguments);
  EventArguments arguments;
  // The decoder lets no event through without a name.
  if (elements && !elements->empty()) arguments.event = json::decode_string(elements->front()).value_or("");
  if (!elements || elements->size() < 2) {
    return std::unexpected(Refusal{"missing_payload", "an event needs one payload: emit(event, payload)"});
  }
  if (elements->size() > 3) {
    return std::unexpected(refusal_of(socketio::Excess::arguments));
  }
  arguments.payload = (*elements)[1];
  if (elements->size() == 3 && json::kind_of((*elements)[2]) != json::Kind::null) {
    const auto key = json::decode_string((*elements)[2]);
    if (!key || key->empty() || key->size() > limits::kClientKeyBytes) {
      return std::unexpected(Refusal{
          "bad_client_key", fmt::format("the client key must be a string of 1 to {} bytes", limits::kClientKeyBytes)});
    }
    arguments.client_key = *key;
  }
  return arguments;
}

std::string refusal_args(const Refusal& refusal) {
  std::string args = R"([{"error":{"code":)";
  json::append_string(args, refusal.code);
  args += R"(,"message":)";
  json::append_string(args, refusal.message);
  args += "}}]";
  return args;
}

}  // namespace tidemark
