// How often one connection may publish: so many events a second, and as many at once after a second of silence. Pure; the
// caller gives the time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "src/base/clock.h"
#include "src/base/limits.h"

namespace tidemark {

class PublishRate {
 public:
  /// 0: as often as it likes.
  explicit PublishRate(std::uint64_t events_per_second)
      : events_per_second_(static_cast<std::uint32_t>(std::min(events_per_second, limits::kPublishRateCeiling))) {}

  /// Whether one more may be published now; if so, it is counted.
  [[nodiscard]] bool take(Millis now) {
    if (events_per_second_ == 0) return true;
    spent_ = spent_at(now);
    then_ = now;
    if (spent_ + 1000 > 1000 * events_per_second_) return false;
    spent_ += 1000;
    return true;
  }

  /// Whether it is as if nothing had ever been published.
  [[nodiscard]] bool whole(Millis now) const { return spent_at(now) == 0; }

  /// Whether less is left of this one than of `other`, which is of the same rate.
  [[nodiscard]] bool more_spent(const PublishRate& other, Millis now) const {
    return spent_at(now) > other.spent_at(now);
  }

  /// After so long in silence it is whole, whatever was published before.
  static constexpr Millis kMemory{1000};

 private:
  /// Less what time has brought back.
  [[nodiscard]] std::uint32_t spent_at(Millis now) const {
    const auto passed = static_cast<std::uint32_t>(std::clamp(now - then_, Millis(0), kMemory).count());
    return spent_ - std::min(spent_, passed * events_per_second_);
  }

  static_assert(1000 * limits::kPublishRateCeiling + 1000 <= 0xffff'ffff, "every connection has one: it is kept small");

  std::uint32_t events_per_second_;
  std::uint32_t spent_ = 0;  // in thousandths of an event
  Millis then_{};
};

}  // namespace tidemark
