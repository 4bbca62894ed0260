// What whoever runs the server asks it: /healthz (it lives), /readyz (it serves, or why not) and /metrics. I/O thread of
// the stream.
#pragma once

namespace tidemark {

class HttpStream;

void serve_liveness(HttpStream& http);
void serve_readiness(HttpStream& http);
void serve_metrics(HttpStream& http);

}  // namespace tidemark
