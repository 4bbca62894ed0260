#include "src/server/api/respond.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "src/server/api/access.h"
#include "src/server/api/read_failure.h"
#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/origin_policy.h"
#include "src/server/pending_answer.h"
#include "src/server/service.h"

namespace tidemark {
namespace {

class JobAnswer final : public PendingAnswer, public std::enable_shared_from_this<JobAnswer> {
 public:
  JobAnswer(HttpStream& http, JsonJob job) : http_(http), job_(std::move(job)) {}

  void start() {
    IoThread& thread = http_.thread();
    const bool queued = thread.service().readers.run([&thread, job = job_, mine = weak_from_this()] {
      thread.post([mine, result = job()] {
        if (const auto answer = mine.lock()) answer->take(result);
      });
    });
    if (!queued) respond_too_many_reads(http_);
  }

  // PendingAnswer
  void on_room() override {}
  void on_drain() override { respond_error(http_, {503, "closing", "the server shuts down"}); }

 private:
  void take(const std::expected<std::optional<std::string>, ApiError>& result) {
    if (!result) return respond_error(http_, result.error());
    if (!*result) return start();
    respond_json(http_, 200, **result);
  }

  HttpStream& http_;
  const JsonJob job_;
};

}  // namespace

std::string api_fields(const HttpStream& http, std::string_view content_type) {
  std::string fields = fmt::format(
      "Content-Type: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\n",
      content_type);
  const http::Request& request = http.request();
  if (!request.field("origin")) return fields;
  if (!origin_allowed(request, api_origins(http.thread().service().options))) return fields;
  fields += cors_fields(request);
  fields += "Access-Control-Expose-Headers: Location, Retry-After, Tidemark-Epoch, Tidemark-First, Tidemark-Head\r\n";
  return fields;
}

std::string epoch_field(const Log& log) { return fmt::format("Tidemark-Epoch: {}\r\n", log.epoch().text()); }

std::string log_fields(const Log& log, Offset head) {
  return fmt::format("{}Tidemark-First: {}\r\nTidemark-Head: {}\r\n", epoch_field(log), log.first().value(),
                     head.value());
}

void respond_json(HttpStream& http, int status, std::string_view json, std::string_view fields) {
  http.respond(status, api_fields(http, "application/json") + std::string(fields), json);
}

void respond_error(HttpStream& http, const ApiError& error) {
  note_read_failure(http.thread().service(), error);
  const std::string_view fields = error.status == 401   ? "WWW-Authenticate: Bearer\r\n"
                                  : error.status == 429 ? "Retry-After: 1\r\n"
                                  : error.status == 503 ? "Retry-After: 1\r\n"
                                                        : "";
  respond_json(http, error.status, to_json(error) + '\n', fields);
}

void respond_too_many_reads(HttpStream& http) {
  http.thread().service().refusals.count(Refused::too_many_reads);
  respond_error(http, {503, "busy", "too many readers of the log at the moment; try again"});
}

ApiError to_api_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::corrupt: return {500, "damaged", error.context, error.record};
    case ErrorCode::not_found: return {404, "not_found", error.context, error.record};
    case ErrorCode::closed: return {503, "closing", error.context};
    case ErrorCode::invalid_argument: return {400, "bad_request", error.context};
    case ErrorCode::out_of_space:
    case ErrorCode::io:
    case ErrorCode::locked:
    case ErrorCode::foreign: break;
  }
  return {500, "read_failed", error.context, error.record};
}

void respond_later(HttpStream& http, JsonJob job) {
  const auto answer = std::make_shared<JobAnswer>(http, std::move(job));
  http.await(answer);
  answer->start();
}

}  // namespace tidemark
