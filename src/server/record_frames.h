// Records as the wire has them: [event, payload, offset, position] in a Socket.IO EVENT, in Engine.IO messages, in
// WebSocket frames. Encoded once per record, for all subscribers of its channel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/epoch.h"
#include "src/hub/frame_encoder.h"

namespace tidemark {

class RecordFrames final : public FrameEncoder {
 public:
  explicit RecordFrames(Epoch epoch) : epoch_(epoch.text()) {}
  void encode(const RecordView& record, std::string& frames) const override;
  void encode_relay(const Relay& relay, Offset seen, std::string& frames) const override;

 private:
  std::string epoch_;
};

/// Appends a Socket.IO packet's text as an Engine.IO message in one WebSocket text frame: the form in which all bytes
/// of an outlet are kept, also for polling.
void append_message_frame(std::string& frames, std::string_view socketio_packet);
/// Appends an Engine.IO packet that is no message ("2", "1") as a WebSocket text frame.
void append_engine_frame(std::string& frames, std::string_view engineio_packet);

}  // namespace tidemark
