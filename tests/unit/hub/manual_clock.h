// A clock that stands still until told.
#pragma once

#include "src/base/clock.h"

namespace tidemark {

class ManualClock final : public Clock {
 public:
  [[nodiscard]] TimeMs wall() const override { return {1'700'000'000'000 + now_.count()}; }
  [[nodiscard]] Millis steady() const override { return now_; }
  void advance(Millis by) { now_ += by; }

 private:
  Millis now_{1000};
};

}  // namespace tidemark
