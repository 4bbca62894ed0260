#include "src/server/api/stream_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/base/limits.h"
#include "src/base/position.h"
#include "src/server/api/api_shard.h"
#include "src/server/api/read_failure.h"
#include "src/server/api/respond.h"
#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/service.h"

namespace tidemark {

StreamAnswer::StreamAnswer(HttpStream& http, std::string channel, Offset after)
    : http_(http), channel_(std::move(channel)), cursor_(after), head_(http.thread().service().log.head()) {
  http_.thread().api().add(*this);
}

StreamAnswer::~StreamAnswer() {
  http_.thread().api().remove(*this);
  http_.thread().service().tap.close_stream();
}

void StreamAnswer::start(bool resumed) {
  const Log& log = http_.thread().service().log;
  http_.begin_body(200, api_fields(http_, "text/event-stream") + log_fields(log, head_) + "X-Accel-Buffering: no\r\n",
                   limits::kStreamHeartbeat);
  const Position position{.epoch = log.epoch(), .offset = cursor_};
  give(
      fmt::format("retry: {}\nid: {}\nevent: log\ndata: {{\"epoch\":\"{}\",\"first\":{},\"head\":{},\"after\":{},"
                  "\"resumed\":{}}}\n\n",
                  limits::kStreamRetry.count(), position.text(), position.epoch.text(), log.first().value(),
                  head_.value(), cursor_.value(), resumed));
}

void StreamAnswer::give(std::string events) {
  giving_ = true;
  http_.give(events);
}

void StreamAnswer::on_room() {
  giving_ = false;
  go_on();
}

void StreamAnswer::on_quiet() { give(": \n\n"); }

void StreamAnswer::go_on() {
  if (giving_ || reading_ || cursor_ >= head_) return;
  // A full queue: the next commit or heartbeat asks again.
  reading_ = http_.thread().api().read(*this);
}

void StreamAnswer::on_news(std::span<const CommitNewsPtr> news) {
  for (const CommitNewsPtr& one : news) {
    if (one->head <= head_) continue;
    const bool at_head = !giving_ && !reading_ && cursor_ >= one->before;
    head_ = one->head;
    // Nothing of it is for this channel: there is nothing to read.
    if (at_head && !channel_.empty() && std::ranges::find(one->channels, channel_) == one->channels.end()) {
      cursor_ = head_;
    }
  }
  go_on();
}

void StreamAnswer::take(const Result<PagePtr>& page) {
  reading_ = false;
  if (!page) {
    // In the place of the record that cannot be read; the client comes back and asks again.
    const ApiError error = to_api_error(page.error());
    note_read_failure(http_.thread().service(), error);
    return http_.end_body("event: unreadable\ndata: " + to_json(error) + "\n\n");
  }
  std::string events;
  if ((*page)->gap_to > cursor_) {
    const Position position{.epoch = http_.thread().service().log.epoch(), .offset = (*page)->gap_to};
    events = fmt::format("id: {}\nevent: gap\ndata: {{\"from\":{},\"to\":{},\"reason\":\"{}\"}}\n\n", position.text(),
                         cursor_.next().value(), (*page)->gap_to.value(), name((*page)->gap_reason));
  }
  events += (*page)->frames;
  cursor_ = std::max(cursor_, (*page)->covered);
  if (events.empty()) return go_on();
  give(std::move(events));
}

void StreamAnswer::on_drain() { http_.end_body(); }

}  // namespace tidemark
