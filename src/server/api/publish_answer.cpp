#include "src/server/api/publish_answer.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "src/server/api/api_shard.h"
#include "src/server/api/publish_outcome.h"
#include "src/server/api/respond.h"
#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/service.h"

namespace tidemark {

PublishAnswer::PublishAnswer(HttpStream& http, Draft draft)
    : http_(http), draft_(std::move(draft)), publisher_(http.thread().shard(), http.thread().service().log, *this) {}

PublishAnswer::~PublishAnswer() {
  if (number_ != 0) http_.thread().api().forget(number_);
}

void PublishAnswer::start() {
  number_ = http_.thread().api().expect(weak_from_this());
  draft_.origin.subscription = kApiOrigin | number_;
  publisher_.publish(std::move(draft_));
  if (!publisher_.waiting()) on_may_publish();
}

void PublishAnswer::on_may_publish() {
  const auto held = shared_from_this();
  if (publisher_.refused()) respond_error(http_, closing());
}

void PublishAnswer::on_outcome(const Outcome& outcome) {
  number_ = 0;
  if (const auto refusal = refusal_of(outcome, http_.thread().service())) return respond_error(http_, *refusal);
  std::string line;
  append_stored(line, outcome);
  respond_json(
      http_, outcome.status == Outcome::Status::duplicate ? 200 : 201, line,
      fmt::format("{}Location: /api/v1/log/{}\r\n", epoch_field(http_.thread().service().log), outcome.offset.value()));
}

void PublishAnswer::on_drain() { respond_error(http_, closing()); }

}  // namespace tidemark
