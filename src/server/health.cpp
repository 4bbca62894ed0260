#include "src/server/health.h"

#include <fmt/format.h>

#include <string>

#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/metrics.h"
#include "src/server/response_fields.h"
#include "src/server/service.h"

namespace tidemark {

void serve_liveness(HttpStream& http) { http.respond_text(200, "ok"); }

void serve_readiness(HttpStream& http) {
  const Service& service = http.thread().service();
  if (service.draining) return http.respond_text(503, "shutting down");
  const std::string why = service.log.why_not_writable();
  if (!why.empty()) return http.respond_text(503, "log not writable: " + why);
  // It serves, and what can be read is given to everybody: this is for whoever can mend the rest.
  const auto unreadable = service.read_failures.places();
  if (unreadable.empty()) return http.respond_text(200, "ready");
  http.respond_text(200, fmt::format("ready, but of the log {} could not be read (/api/v1/info lists what): {}",
                                     unreadable.size() == 1 ? "one place" : fmt::format("{} places", unreadable.size()),
                                     unreadable.back().sentence));
}

void serve_metrics(HttpStream& http) {
  http.respond(200, fmt::format("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n{}", kNoStore),
               metrics_text(http.thread().service()));
}

}  // namespace tidemark
