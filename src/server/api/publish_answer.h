// The answer to a publish over HTTP: it comes when the record is durable. The draft goes the way of every other: through
// the sequencer's bounded queue, waiting for room where that is full, and through the dedupe window.
#pragma once

#include <cstdint>
#include <memory>

#include "src/hub/publisher.h"
#include "src/log/log.h"
#include "src/server/api/outcome_receiver.h"
#include "src/server/pending_answer.h"

namespace tidemark {

class HttpStream;

class PublishAnswer final : public PendingAnswer,
                            public OutcomeReceiver,
                            public std::enable_shared_from_this<PublishAnswer>,
                            private Publisher::Input {
 public:
  PublishAnswer(HttpStream& http, Draft draft);
  ~PublishAnswer() override;

  /// Once, when the stream holds it.
  void start();

  // OutcomeReceiver
  void on_outcome(const Outcome& outcome) override;
  // PendingAnswer
  void on_room() override {}
  void on_drain() override;

 private:
  // Publisher::Input
  void on_may_publish() override;

  HttpStream& http_;
  Draft draft_;
  Publisher publisher_;
  std::uint64_t number_ = 0;
};

}  // namespace tidemark
