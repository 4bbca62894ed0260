#include "src/server/api/log_answer.h"

#include <utility>

#include "src/server/api/read_failure.h"
#include "src/server/api/respond.h"
#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/service.h"

namespace tidemark {

LogAnswer::LogAnswer(HttpStream& http, LogQuery query)
    : http_(http), pages_(std::make_shared<LogPages>(http.thread().service().log, std::move(query))) {}

void LogAnswer::on_room() {
  if (begun_ && !reading_) read();
}

void LogAnswer::read() {
  reading_ = true;
  IoThread& thread = http_.thread();
  const bool queued = thread.service().readers.run([&thread, pages = pages_, mine = weak_from_this()] {
    auto lines = std::make_shared<std::string>();
    const auto more = pages->next(*lines);
    thread.post([mine, more, lines] {
      if (const auto answer = mine.lock()) answer->take(more, *lines);
    });
  });
  if (queued) return;
  if (!begun_) return respond_too_many_reads(http_);
  thread.service().refusals.count(Refused::too_many_reads);
  http_.cut_off();
}

void LogAnswer::take(const Result<bool>& more, const std::string& lines) {
  reading_ = false;
  if (!more && !begun_) return respond_error(http_, to_api_error(more.error()));
  if (!std::exchange(begun_, true)) {
    http_.begin_body(
        200, api_fields(http_, "application/x-ndjson") + log_fields(http_.thread().service().log, pages_->head()));
  }
  if (!more) {
    const ApiError error = to_api_error(more.error());
    note_read_failure(http_.thread().service(), error);
    return http_.end_body(to_json(error) + '\n');
  }
  if (!*more) return http_.end_body(lines);
  if (lines.empty()) return read();
  http_.give(lines);  // on_room() follows, perhaps at once
}

void LogAnswer::on_drain() { http_.cut_off(); }

}  // namespace tidemark
