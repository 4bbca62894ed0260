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
    // In thousandths of an event; a second's silence fills it up.
    const std::uint32_t full = 1000 * events_per_second_;
    const auto passed =
        static_cast<std::uint32_t>(std::clamp((now - then_).count(), Millis::rep{0}, Millis::rep{1000}));
    then_ = now;
    spent_ -= std::min(spent_, passed * events_per_second_);
    if (spent_ + 1000 > full) return false;
    spent_ += 1000;
    return true;
  }

 private:
  static_assert(1000 * limits::kPublishRateCeiling + 1000 <= 0xffff'ffff, "every connection has one: it is kept small");

  std::uint32_t events_per_second_;
  std::uint32_t spent_ = 0;
  Millis then_{};
};

}  // namespace tidemark
