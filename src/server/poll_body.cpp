#include "src/server/poll_body.h"

#include "protocol/engineio/engineio.h"
#include "protocol/websocket/websocket.h"
#include "src/base/limits.h"

namespace tidemark {

std::size_t PollBody::send(std::string_view frames) {
  std::size_t taken = 0;
  while (packets_ < limits::kPacketsPerPollOut) {
    const auto frame = websocket::first_frame(frames.substr(taken));
    if (!frame) break;
    const bool binary = frame->opcode == websocket::Opcode::binary;
    const std::size_t encoded = binary ? (frame->payload.size() + 2) / 3 * 4 + 1 : frame->payload.size();
    if (packets_ > 0 && body_.size() + 1 + encoded > max_bytes_) break;
    if (packets_ > 0) body_ += engineio::kSeparator;
    if (binary) {
      engineio::append_binary_for_polling(body_, frame->payload);
    } else {
      body_ += frame->payload;
    }
    taken += frame->bytes;
    if (packets_++ == 0) on_first_();
  }
  return taken;
}

}  // namespace tidemark
