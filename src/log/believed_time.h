// The wall clock as retention believes it: a wrong one must not empty a log.
//
// A machine may start with a clock that is a year ahead until it has asked a time server. So a clock that moves forward by
// more than kClockJump at once is believed only after it has done so for kClockDoubt; until then time goes on from where
// it was, at the pace of the steady clock. A clock set back is believed at once: less is old by it.
//
// Example: the server was off from 12:00 to 14:00. At its start records are as old as they were at 12:00, and a little
// older every minute; after ten minutes they are two hours older.
//
// What is believed is noted in DATA/tidemark.clock (base/note_file.h), not flushed, so that a restart neither begins from
// a record that has the wrong clock's time, nor doubts from the beginning again. Without a note the newest record that
// was there at the start counts.
//
// One thread.
#pragma once

#include <optional>

#include "src/base/clock.h"
#include "src/base/note_file.h"

namespace tidemark {

class BelievedTime {
 public:
  static constexpr auto kFileName = "tidemark.clock";

  /// `clock` must outlive it. `known` is a moment that has surely passed; `note`, if that is kept, what was believed last.
  BelievedTime(const Clock& clock, TimeMs known, std::optional<NoteFile> note);

  [[nodiscard]] TimeMs now();

 private:
  [[nodiscard]] TimeMs believe(TimeMs time);
  void load();
  void save();

  const Clock& clock_;
  std::optional<NoteFile> note_;
  TimeMs time_;                    // believed
  Millis steady_;                  // when it was
  std::optional<Millis> doubted_;  // for so long, all runs of the server together
  int next_line_ = 0;
  bool failure_said_ = false;
};

}  // namespace tidemark
