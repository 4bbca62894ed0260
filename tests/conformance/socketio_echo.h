// Socket.IO with the two namespaces and the events that the protocol's test suite expects of a server: "auth" after
// CONNECT with what the client said there, "message" answered as "message-back", "message-with-ack" as an ack with the
// same arguments.
#pragma once

#include "src/server/conversation.h"

namespace tidemark::conformance {

[[nodiscard]] Endpoint socketio_echo();

}  // namespace tidemark::conformance
