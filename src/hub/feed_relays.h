// Unlogged events on their way to one channel's subscribers. They go to those only who have everything up to the position
// in which the events end: others would be moved over records. I/O thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "src/base/offset.h"
#include "src/hub/batch.h"
#include "src/hub/frame_encoder.h"

namespace tidemark {

class Subscription;

/// What a relay takes of limits::kRelayBytes.
[[nodiscard]] inline std::size_t bytes_of(const Relay& relay) {
  return relay.event.size() + relay.payload.size() + relay.attachments.size() + sizeof(Relay);
}

class FeedRelays {
 public:
  /// For the next pass.
  void add(RelayPtr relay) { waiting_.push_back(std::move(relay)); }
  [[nodiscard]] bool empty() const { return waiting_.empty() && passing_.empty(); }

  /// A pass takes those that wait, as many as it can carry (limits::kRelayPassBytes).
  void begin_pass();
  [[nodiscard]] bool passing() const { return !passing_.empty(); }
  /// Those of the pass, after all records up to `seen`, the newest of the log that this thread knows.
  void deliver(Subscription& subscription, Offset seen, const FrameEncoder& encoder);
  /// Answers the bytes_of() all that it carried.
  [[nodiscard]] std::size_t end_pass();

 private:
  std::vector<RelayPtr> waiting_;
  std::vector<RelayPtr> passing_;
  Offset position_;                // in which the frames end
  std::string frames_;             // of passing_; empty: not encoded yet
  std::vector<std::size_t> ends_;  // of each relay's frames
};

}  // namespace tidemark
