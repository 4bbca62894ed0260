#include "src/log/believed_time.h"

#include <utility>

#include "src/base/journal.h"
#include "src/base/limits.h"

namespace tidemark {

TimeMs BelievedTime::now() {
  const auto wall = clock_.wall();
  const auto steady = clock_.steady();
  const TimeMs expected{time_.value + (steady - std::exchange(steady_, steady)).count()};
  const Millis jump{wall.value - expected.value};
  if (jump <= limits::kClockJump) {
    doubted_since_.reset();
    return time_ = wall;
  }
  if (!doubted_since_) {
    doubted_since_ = steady;
    journal::warning("clock-jumped", {{"ahead_ms", jump.count()},
                                      {"believed_in_ms", Millis(limits::kClockDoubt).count()},
                                      {"effect", "until then nothing is removed for an age that depends on it"}});
  }
  if (steady - *doubted_since_ < limits::kClockDoubt) return time_ = expected;
  doubted_since_.reset();
  return time_ = wall;
}

}  // namespace tidemark
