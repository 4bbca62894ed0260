#include "src/server/routes.h"

#include <fmt/format.h>

#include <string_view>

#include "src/server/api/api.h"
#include "src/server/engine_requests.h"
#include "src/server/health.h"
#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/service.h"
#include "src/server/static_files.h"

namespace tidemark {
namespace {

using Answer = void (*)(HttpStream&);

/// What is served at exactly this path, to GET and HEAD only; null: nothing is.
Answer answer_at(std::string_view path) {
  if (is_static_file(path)) return serve_static_file;
  if (path == "/healthz") return serve_liveness;
  if (path == "/readyz") return serve_readiness;
  if (path == "/metrics") return serve_metrics;
  return nullptr;
}

}  // namespace

void route(HttpStream& http) {
  const http::Request& request = http.request();
  const std::string_view path = request.path;
  if (const Endpoint* const endpoint = http.thread().service().endpoint_at(path)) {
    return serve_engine_request(http, *endpoint);
  }
  if (const Answer answer = answer_at(path)) {
    if (request.method == "GET" || request.method == "HEAD") return answer(http);
    return http.respond_text(405, "Only GET and HEAD are served here.", "Allow: GET, HEAD\r\n");
  }
  if (is_api_path(path)) return serve_api(http);
  if (const auto file = path.substr(0, path.size() - 1); path.ends_with('/') && is_static_file(file)) {
    return http.respond_text(308, fmt::format("It is at {}.", file), fmt::format("Location: {}\r\n", file));
  }
  http.respond_text(
      404, "Not found. The chat is at /, the inspector at /inspect, Socket.IO at /socket.io/, the API at /api/v1/.");
}

void route_head(HttpStream& http, const http::Request& head) {
  if (http.thread().service().endpoint_at(head.path) != nullptr) announce_engine_request(http, head);
}

}  // namespace tidemark
