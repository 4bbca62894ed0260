// Deadlines by the thousand: a timing wheel. Arming and cancelling cost a few pointer writes (a steady_timer per
// connection would cost 240 bytes and 150 ns, measured). Deadlines are kept to a tick (50 ms), never early. One I/O
// thread owns a wheel and its timers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "src/base/clock.h"

namespace tidemark {

class TimingWheel;

/// Something with a deadline. Destroying it disarms it.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { disarm(); }

  /// The deadline has come; the timer is disarmed before. May arm, disarm or destroy any timer.
  virtual void on_deadline() = 0;

  void disarm();
  [[nodiscard]] bool armed() const { return next_ != nullptr; }

 private:
  friend class TimingWheel;
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  std::uint64_t tick_ = 0;
};

class TimingWheel {
 public:
  static constexpr Millis kTick{50};

  explicit TimingWheel(const Clock& clock);
  TimingWheel(const TimingWheel&) = delete;
  TimingWheel& operator=(const TimingWheel&) = delete;
  ~TimingWheel();

  /// Sets or moves the deadline.
  void arm(Timer& timer, Millis delay);
  /// Calls on_deadline of every timer whose time has come.
  void advance();

 private:
  // A list's ends are a timer too, so that disarming needs no special case.
  struct End final : Timer {
    void on_deadline() override {}
  };
  static constexpr std::size_t kSlots = 1024;  // 51 s; longer deadlines are passed over until their round

  [[nodiscard]] std::uint64_t ticks_at(Millis time) const;
  static void insert(End& end, Timer& timer);

  const Clock& clock_;
  const Millis start_;
  std::uint64_t now_ = 0;  // ticks done
  std::array<End, kSlots> slots_;
};

}  // namespace tidemark
