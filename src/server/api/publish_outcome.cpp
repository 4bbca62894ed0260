#include "src/server/api/publish_outcome.h"

#include <fmt/format.h>

#include <iterator>

#include "src/server/service.h"

namespace tidemark {

void append_stored(std::string& out, const Outcome& outcome) {
  fmt::format_to(std::back_inserter(out), "{{\"offset\":{},\"duplicate\":{}}}\n", outcome.offset.value(),
                 outcome.status == Outcome::Status::duplicate);
}

std::optional<ApiError> refusal_of(const Outcome& outcome, Service& service) {
  if (outcome.status == Outcome::Status::failed) {
    service.refusals.count(Refused::not_stored);
    const std::string why = service.log.why_not_writable();
    return ApiError{503, "not_stored",
                    why.empty() ? "the record was not stored; send it again with the same Idempotency-Key"
                                : fmt::format("nothing is stored at the moment: {}", why)};
  }
  if (outcome.status == Outcome::Status::refused) {
    service.refusals.count(Refused::channels_full);
    return ApiError{403, "channels_full", "this log takes no further channel; publish into one that has records"};
  }
  return std::nullopt;
}

ApiError rate_exceeded(Service& service) {
  service.refusals.count(Refused::rate_exceeded);
  return {429, "rate_exceeded",
          fmt::format("one connection may publish {} events a second", service.options.publish_rate)};
}

ApiError closing() { return {503, "closing", "the server shuts down; send it again with the same Idempotency-Key"}; }

}  // namespace tidemark
