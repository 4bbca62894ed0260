// A stretch of offsets, both ends included: 13 to 17 are five offsets.
#pragma once

#include <cstdint>

#include "src/base/offset.h"

namespace tidemark {

struct OffsetRange {
  Offset first;
  Offset last;

  [[nodiscard]] constexpr bool empty() const { return first > last; }
  [[nodiscard]] constexpr std::uint64_t size() const { return empty() ? 0 : last.value() - first.value() + 1; }
  [[nodiscard]] constexpr bool contains(Offset offset) const { return first <= offset && offset <= last; }
  friend constexpr bool operator==(const OffsetRange&, const OffsetRange&) = default;
};

}  // namespace tidemark
