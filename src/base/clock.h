// Time as a constructor argument, so that tests and the simulation own it.
#pragma once

#include <chrono>

#include "src/base/record.h"

namespace tidemark {

using Millis = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall-clock time; may jump. Any thread.
  [[nodiscard]] virtual TimeMs wall() const = 0;
  /// Monotonic time since an arbitrary start, for windows and deadlines. Any thread.
  [[nodiscard]] virtual Millis steady() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimeMs wall() const override {
    return {std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()).count()};
  }
  [[nodiscard]] Millis steady() const override {
    return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch());
  }
};

}  // namespace tidemark
