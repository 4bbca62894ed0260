// A page: a piece of one channel read from the store and encoded, immutable and shared by all who replay that range.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/base/offset.h"
#include "src/hub/frame_index.h"

namespace tidemark {

struct Page {
  Offset after;    // exclusive
  Offset gap_to;   // something of the channel after `after` and up to here was trimmed; 0: nothing was
  Offset covered;  // inclusive: every record of the channel in between that was not trimmed is here
  std::string frames;
  std::vector<FrameEnd> ends;  // positions within `frames`
};

using PagePtr = std::shared_ptr<const Page>;

}  // namespace tidemark
