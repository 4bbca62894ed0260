// The answer to a publish of many records over HTTP, a line each. The drafts go the way of every other, in their order and
// as many at once as the connection's share of the sequencer's queue allows, so that they take few commits. One answer
// comes when all are decided: a line for each, in the same order.
//
// Once one is refused, none behind it is published; those that were on their way already are waited for and told. Where none
// was stored the answer is that error, as of a single record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/hub/publisher.h"
#include "src/log/log.h"
#include "src/server/api/outcome_receiver.h"
#include "src/server/api/parameters.h"
#include "src/server/pending_answer.h"

namespace tidemark {

class HttpStream;

class PublishLines final : public PendingAnswer,
                           public OutcomeReceiver,
                           public std::enable_shared_from_this<PublishLines>,
                           private Publisher::Input {
 public:
  /// Precondition: there are drafts.
  PublishLines(HttpStream& http, std::vector<Draft> drafts);
  ~PublishLines() override;

  /// Once, when the stream holds it.
  void start() { publish(); }

  // OutcomeReceiver
  void on_outcome(const Outcome& outcome) override;
  // PendingAnswer
  void on_room() override {}
  void on_drain() override;

 private:
  // Publisher::Input
  void on_may_publish() override;

  /// As many as may be now; responds when nothing is left to wait for.
  void publish();
  void respond();

  HttpStream& http_;
  std::vector<Draft> drafts_;
  Publisher publisher_;
  std::vector<std::uint64_t> numbers_;  // of the published ones
  std::size_t decided_ = 0;             // of them
  std::size_t stored_ = 0;
  std::string lines_;                // the answer so far
  std::optional<ApiError> refusal_;  // the first
  bool refusal_told_ = false;        // in lines_, in its place
};

}  // namespace tidemark
