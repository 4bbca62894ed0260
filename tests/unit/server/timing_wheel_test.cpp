// Deadlines come in time, never early, each once.
#include "src/server/timing_wheel.h"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <vector>

#include "tests/unit/hub/manual_clock.h"

namespace tidemark {
namespace {

struct CountingTimer final : Timer {
  int calls = 0;
  std::function<void()> then = [] {};
  void on_deadline() override {
    ++calls;
    then();
  }
};

struct Fixture {
  ManualClock clock;
  TimingWheel wheel{clock};
  CountingTimer timer;
  void pass(Millis time) {
    clock.advance(time);
    wheel.advance();
  }
};

TEST_CASE_FIXTURE(Fixture, "a deadline is not early and at most two ticks late, also beyond a round of the wheel") {
  for (const Millis delay : {Millis(1), Millis(50), Millis(75), Millis(1000), Millis(51'200), Millis(600'000)}) {
    CAPTURE(delay.count());
    timer.calls = 0;
    wheel.arm(timer, delay);
    pass(delay - Millis(1));
    CHECK(timer.calls == 0);
    pass(Millis(1) + 2 * TimingWheel::kTick);
    CHECK(timer.calls == 1);
    pass(Millis(200'000));
    CHECK(timer.calls == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "a disarmed timer stays silent, an armed one can be moved") {
  wheel.arm(timer, Millis(100));
  timer.disarm();
  pass(Millis(1000));
  CHECK(timer.calls == 0);
  wheel.arm(timer, Millis(100));
  wheel.arm(timer, Millis(5000));
  pass(Millis(1000));
  CHECK(timer.calls == 0);
  pass(Millis(5000));
  CHECK(timer.calls == 1);
}

TEST_CASE_FIXTURE(Fixture, "a timer may arm itself again, and destroy others that are due") {
  auto other = std::make_unique<CountingTimer>();
  int other_calls = 0;
  other->then = [&] { ++other_calls; };
  timer.then = [&] {
    other.reset();
    wheel.arm(timer, Millis(100));
  };
  wheel.arm(timer, Millis(100));
  wheel.arm(*other, Millis(100));
  pass(Millis(200));
  CHECK(timer.calls == 1);
  CHECK(other_calls == 0);
  pass(Millis(200));
  CHECK(timer.calls == 2);
}

}  // namespace
}  // namespace tidemark
