#include "bench/load/publisher.h"

#include "bench/load/frames.h"

namespace tidemark::load {

std::uint32_t Publisher::publish_ready_frame(Connection& control, std::size_t frame_bytes) {
  const std::uint32_t sequence = published_++;
  std::string packet = delivery_prefix("/") + next_text(sequence) + "\",\"";
  const std::size_t head_bytes = 4;  // for payloads of 126 to 65535 bytes
  const std::size_t tail_bytes = 2;
  if (packet.size() + tail_bytes + head_bytes < frame_bytes) {
    packet.append(frame_bytes - packet.size() - tail_bytes - head_bytes, 'x');
  }
  packet += "\"]";
  std::string frame;
  append_server_frame(frame, packet);
  control.send_bytes(frame);
  return sequence;
}

}  // namespace tidemark::load
