// How the hub gets frames without knowing a protocol. The server implements it.
#pragma once

#include <string>

#include "src/base/record.h"
#include "src/hub/batch.h"

namespace tidemark {

class FrameEncoder {
 public:
  virtual ~FrameEncoder() = default;
  /// Appends the frames of one record, ready to be sent to any subscriber of its channel. Deterministic: the same
  /// record gives the same bytes each time, so that a cursor in the middle of a frame survives a change of source. Any
  /// thread.
  virtual void encode(const RecordView& record, std::string& frames) const = 0;
  /// Appends the frames of an unlogged event, ending in the position of `seen`. Any thread.
  virtual void encode_relay(const Relay& relay, Offset seen, std::string& frames) const = 0;
};

}  // namespace tidemark
