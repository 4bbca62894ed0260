// The wall clock as retention believes it: a wrong one must not empty a log.
//
// A machine may start with a clock that is a year ahead until it has asked a time server. So a clock that moves forward by
// more than kClockJump at once, or has done so since the newest record was made, is believed only after kClockDoubt;
// until then time goes on from where it was, at the pace of the steady clock. A clock set back is believed at once: less
// is old by it.
//
// Example: the newest record is of 12:00, the server was off, and the clock says 14:00 at the start. Until ten minutes
// have passed records are as old as they were at 12:00, and a little older every minute; then they are two hours older.
//
// One thread.
#pragma once

#include <optional>

#include "src/base/clock.h"

namespace tidemark {

class BelievedTime {
 public:
  /// `clock` must outlive it. `known` is a moment that has surely passed.
  BelievedTime(const Clock& clock, TimeMs known) : clock_(clock), time_(known), steady_(clock.steady()) {}

  [[nodiscard]] TimeMs now();

 private:
  const Clock& clock_;
  TimeMs time_;    // believed
  Millis steady_;  // when it was
  std::optional<Millis> doubted_since_;
};

}  // namespace tidemark
