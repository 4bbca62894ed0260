// A page: a piece of one channel read from the store and encoded, immutable and shared by all who replay that range.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/offset.h"
#include "src/hub/frame_index.h"

namespace tidemark {

/// Why records cannot be given any more.
enum class GapReason : std::uint8_t {
  trimmed,  // by retention
  damaged,  // a repair had to leave them out; whose they were is not known, so it concerns every channel
};

/// As clients are told it.
[[nodiscard]] constexpr std::string_view name(GapReason reason) {
  switch (reason) {
    case GapReason::trimmed: return "trimmed";
    case GapReason::damaged: return "damaged";
  }
  return "";
}

struct Page {
  Offset after;   // exclusive
  Offset gap_to;  // something of the channel after `after` and up to here is gone; 0: nothing is
  GapReason gap_reason = GapReason::trimmed;
  Offset covered;  // inclusive: every record of the channel in between that is not gone is here
  std::string frames;
  std::vector<FrameEnd> ends;  // positions within `frames`
};

using PagePtr = std::shared_ptr<const Page>;

}  // namespace tidemark
