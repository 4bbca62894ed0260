#include "src/server/api/publish_answer.h"

#include <fmt/format.h>

#include <utility>

#include "src/server/api/api_shard.h"
#include "src/server/api/respond.h"
#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/service.h"

namespace tidemark {
namespace {
const ApiError kClosing{503, "closing", "the server shuts down; send it again with the same Idempotency-Key"};
}

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
  if (publisher_.refused()) respond_error(http_, kClosing);
}

void PublishAnswer::on_outcome(const Outcome& outcome) {
  number_ = 0;
  if (outcome.status == Outcome::Status::failed) {
    http_.thread().service().refusals.count(Refused::not_stored);
    const std::string why = http_.thread().service().log.why_not_writable();
    return respond_error(http_, {503, "not_stored",
                                 why.empty() ? "the record was not stored; send it again with the same "
                                               "Idempotency-Key"
                                             : fmt::format("nothing is stored at the moment: {}", why)});
  }
  if (outcome.status == Outcome::Status::refused) {
    http_.thread().service().refusals.count(Refused::channels_full);
    return respond_error(
        http_, {403, "channels_full", "this log takes no further channel; publish into one that has records"});
  }
  const bool duplicate = outcome.status == Outcome::Status::duplicate;
  const auto offset = outcome.offset.value();
  respond_json(http_, duplicate ? 200 : 201, fmt::format("{{\"offset\":{},\"duplicate\":{}}}\n", offset, duplicate),
               fmt::format("Location: /api/v1/log/{}\r\n", offset));
}

void PublishAnswer::on_drain() { respond_error(http_, kClosing); }

}  // namespace tidemark
