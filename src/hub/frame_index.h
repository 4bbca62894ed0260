// Encoded frames of consecutive records of one channel, and where each record's frames end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "src/base/offset.h"

namespace tidemark {

/// `end` is the byte position after the record's last frame, in the numbering of whoever holds the bytes.
struct FrameEnd {
  Offset offset;
  std::uint64_t end;
};

/// The first record at or after `offset`; ends.size() if there is none.
[[nodiscard]] inline std::size_t index_of(std::span<const FrameEnd> ends, Offset offset) {
  return static_cast<std::size_t>(std::ranges::lower_bound(ends, offset, {}, &FrameEnd::offset) - ends.begin());
}

/// The record whose frames contain the byte at `position`, ends.size() if it lies after all of them.
[[nodiscard]] inline std::size_t index_at(std::span<const FrameEnd> ends, std::uint64_t position) {
  return static_cast<std::size_t>(std::ranges::upper_bound(ends, position, {}, &FrameEnd::end) - ends.begin());
}

}  // namespace tidemark
