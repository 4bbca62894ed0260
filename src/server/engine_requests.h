// Requests to an Engine.IO endpoint (Engine.IO protocol, "HTTP long-polling" and "WebSocket"): handshakes, polls, posts
// and upgrades. Each is let in by where it comes from, and finds its session; a request for a session of another I/O
// thread takes its connection there. I/O thread of the stream.
#pragma once

#include "protocol/http/http.h"

namespace tidemark {

class HttpStream;
struct Endpoint;

/// Answers the stream's request, now or later.
void serve_engine_request(HttpStream& http, const Endpoint& endpoint);

/// A POST to a session counts from its head on, however slowly its body comes.
void announce_engine_request(HttpStream& http, const http::Request& head);

}  // namespace tidemark
