// Who published over HTTP and is told what became of it (ApiShard::expect). I/O thread of its stream.
#pragma once

#include "src/log/log.h"

namespace tidemark {

class OutcomeReceiver {
 public:
  virtual ~OutcomeReceiver() = default;
  /// Once for each draft, in the order in which they were published.
  virtual void on_outcome(const Outcome& outcome) = 0;
};

}  // namespace tidemark
