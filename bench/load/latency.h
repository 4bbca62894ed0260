// A histogram of times, 3 % wide steps from 1 us to hours, in constant memory.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tidemark::load {

class Latency {
 public:
  void add(std::uint64_t ns) {
    ++counts_[step(ns)];
    ++total_;
  }
  void clear() { *this = {}; }

  /// `share` 0.99: the time that 99 % did not exceed. 0 if nothing was added.
  [[nodiscard]] double microseconds(double share) const {
    const auto rank = static_cast<std::uint64_t>(static_cast<double>(total_) * share);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size() && total_ != 0; ++i) {
      seen += counts_[i];
      if (seen > rank || seen == total_) return static_cast<double>(highest(i)) / 1000;
    }
    return 0;
  }

 private:
  static constexpr unsigned kStepsBits = 5;  // 32 steps per doubling
  static constexpr std::size_t kSteps = std::size_t{1} << kStepsBits;
  static constexpr std::size_t kDoublings = 44;

  [[nodiscard]] static std::size_t step(std::uint64_t ns) {
    if (ns < kSteps) return ns;
    const auto width = static_cast<std::size_t>(std::bit_width(ns));
    const std::size_t shift = width - 1 - kStepsBits;
    const std::size_t at = (shift + 1) * kSteps + (ns >> shift) - kSteps;
    return at < kSteps * kDoublings ? at : kSteps * kDoublings - 1;
  }
  [[nodiscard]] static std::uint64_t highest(std::size_t at) {
    if (at < kSteps) return at;
    const std::size_t shift = at / kSteps - 1;
    return ((kSteps + at % kSteps + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kSteps * kDoublings> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace tidemark::load
