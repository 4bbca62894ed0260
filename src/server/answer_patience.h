// How long a client may take to read an answer: it must not pause for longer than limits::kHttpSilenceTimeout, and the
// whole must leave at limits::kAnswerBytesPerSecond, that pause once on top. Pure; the caller gives the time.
//
// Example: an answer of 300 KiB of which the socket took nothing yet has 30 s for its next byte, and 330 s in all.
#pragma once

#include <algorithm>
#include <cstddef>

#include "src/base/clock.h"
#include "src/base/limits.h"

namespace tidemark {

class AnswerPatience {
 public:
  /// From now on until the next look. The first one with bytes left begins the answer's time; zero: it is over.
  [[nodiscard]] Millis next(Millis now, std::size_t bytes_left) {
    if (end_ == Millis(0)) {
      end_ = now + limits::kHttpSilenceTimeout + Millis(1000 * bytes_left / limits::kAnswerBytesPerSecond);
    }
    return std::clamp(end_ - now, Millis(0), Millis(limits::kHttpSilenceTimeout));
  }
  /// The answer has left.
  void reset() { end_ = Millis(0); }

 private:
  Millis end_{};  // zero: no answer waits
};

}  // namespace tidemark
