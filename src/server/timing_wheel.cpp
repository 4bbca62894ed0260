#include "src/server/timing_wheel.h"

#include <algorithm>

namespace tidemark {

void Timer::disarm() {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

TimingWheel::TimingWheel(const Clock& clock) : clock_(clock), start_(clock.steady()) {
  for (End& end : slots_) end.previous_ = end.next_ = &end;
}

TimingWheel::~TimingWheel() {
  for (End& end : slots_) {
    while (end.next_ != &end) end.next_->disarm();
    end.previous_ = end.next_ = nullptr;
  }
}

std::uint64_t TimingWheel::ticks_at(Millis time) const {
  return static_cast<std::uint64_t>(std::max<Millis::rep>((time - start_) / kTick, 0));
}

void TimingWheel::insert(End& end, Timer& timer) {
  timer.previous_ = end.previous_;
  timer.next_ = &end;
  end.previous_->next_ = &timer;
  end.previous_ = &timer;
}

void TimingWheel::arm(Timer& timer, Millis delay) {
  timer.disarm();
  // One tick more, since part of the present one is over.
  timer.tick_ = std::max(ticks_at(clock_.steady() + delay), now_) + 1;
  insert(slots_[timer.tick_ % kSlots], timer);
}

void TimingWheel::advance() {
  const std::uint64_t target = ticks_at(clock_.steady());
  while (now_ < target) {
    ++now_;
    End& slot = slots_[now_ % kSlots];
    // Taken out first: what the calls arm again belongs to a later round.
    End due;
    due.previous_ = due.next_ = &due;
    for (Timer* timer = slot.next_; timer != &slot;) {
      Timer* const next = timer->next_;
      if (timer->tick_ <= now_) {
        timer->disarm();
        insert(due, *timer);
      }
      timer = next;
    }
    while (due.next_ != &due) {
      Timer* const timer = due.next_;
      timer->disarm();
      timer->on_deadline();
    }
    due.previous_ = due.next_ = nullptr;
  }
}

}  // namespace tidemark
