// Records as Server-Sent Events (WHATWG HTML, "Server-sent events"), and pages of them read from the log:
//
//   id: 3f9c2a7be01d4c58.17
//   data: {"offset":17,...}
//
// The id is the position, which a browser sends back by itself as Last-Event-ID.
#pragma once

#include <string>

#include "src/base/epoch.h"
#include "src/hub/catch_up.h"
#include "src/hub/frame_encoder.h"
#include "src/hub/page.h"
#include "src/log/log.h"

namespace tidemark {

class StreamFrames final : public FrameEncoder {
 public:
  explicit StreamFrames(Epoch epoch) : epoch_(epoch.text()) {}
  void encode(const RecordView& record, std::string& frames) const override;
  /// Relayed events are not in the log: a stream has none.
  void encode_relay(const Relay&, Offset, std::string&) const override {}

 private:
  std::string epoch_;
};

/// One page after `after` of a channel, of all channels where it is empty; `up_to` is at most the head and above `after`.
/// Says what is gone (Page::gap_to) as for a subscription. Reads in the calling thread. Errors: those of the store.
[[nodiscard]] Result<PagePtr> read_stream_page(const Log& log, const FrameEncoder& frames, const std::string& channel,
                                               Offset after, Offset up_to);

}  // namespace tidemark
