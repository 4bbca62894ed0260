// Socket.IO packets out of text and binary messages: what is given out keeps every limit, and encodes to what it was.
// Messages are divided by 0xff; one that starts with 'b' is binary, with 'c' binary and cut.
#include <string>

#include "protocol/json/json.h"
#include "protocol/socketio/socketio.h"
#include "src/base/attachments.h"
#include "src/base/limits.h"
#include "src/server/connect_request.h"
#include "src/server/event_arguments.h"
#include "tests/fuzz/fuzz.h"

namespace tidemark {
namespace {

using socketio::PacketType;
using Status = socketio::Decoder::Status;

constexpr socketio::DecoderLimits kLimits{.packet_bytes = 400, .attachments = 3, .json_depth = 8, .event_arguments = 4};

bool is_event(PacketType type) { return type == PacketType::event || type == PacketType::binary_event; }

std::string encoded(const socketio::Packet& packet) {
  std::string out;
  if (is_event(packet.type)) {
    // Our own events ask for no ack, so the id is put in by hand.
    socketio::append_event(out, packet.nsp, packet.attachment_count, "");
    if (packet.ack_id) out += std::to_string(*packet.ack_id);
    return out + packet.data;
  }
  switch (packet.type) {
    case PacketType::connect: socketio::append_connect(out, packet.nsp, packet.data); break;
    case PacketType::connect_error: socketio::append_connect_error(out, packet.nsp, packet.data); break;
    case PacketType::disconnect: socketio::append_disconnect(out, packet.nsp); break;
    default: socketio::append_ack(out, packet.nsp, *packet.ack_id, packet.data, packet.attachment_count); break;
  }
  return out;
}

void check_attachments(const socketio::Packet& packet) {
  std::size_t count = 0;
  std::string_view rest = packet.attachments;
  while (take_attachment(rest)) ++count;
  FUZZ_CHECK(rest.empty() && count == packet.attachment_count);
  FUZZ_CHECK(packet.data.size() + packet.attachments.size() <= kLimits.packet_bytes + 4 * kLimits.attachments);
  FUZZ_CHECK(count <= kLimits.attachments);
}

void check(const socketio::Packet& packet) {
  FUZZ_CHECK(packet.nsp.starts_with('/'));
  FUZZ_CHECK(packet.nsp.size() <= limits::kChannelNameBytes || packet.type == PacketType::connect);
  if (packet.excess != socketio::Excess::none) {
    FUZZ_CHECK(packet.data.empty() && packet.attachments.empty());
    if (is_event(packet.type)) FUZZ_CHECK(!read_event_arguments(packet));
    return;
  }
  check_attachments(packet);
  FUZZ_CHECK(packet.data.empty() || json::is_valid(packet.data, kLimits.json_depth));
  if (is_event(packet.type)) {
    const auto elements = json::split_array(packet.data, kLimits.json_depth, kLimits.event_arguments + 1);
    FUZZ_CHECK(elements && !elements->empty());
    const auto event = json::decode_string(elements->front());
    FUZZ_CHECK(event && event->size() <= limits::kEventNameBytes && !socketio::is_reserved_event(*event));
    const auto arguments = read_event_arguments(packet);
    if (arguments) {
      FUZZ_CHECK(arguments->event == *event);
      FUZZ_CHECK(arguments->client_key.size() <= limits::kClientKeyBytes);
      FUZZ_CHECK(json::is_valid(arguments->payload, kLimits.json_depth));
    }
  }
  if (packet.type == PacketType::connect) (void)read_connect_request(packet.data);

  socketio::Decoder decoder(kLimits);
  auto status = decoder.text(encoded(packet));
  for (std::string_view rest = packet.attachments; const auto attachment = take_attachment(rest);) {
    FUZZ_CHECK(status == Status::need_more);
    status = decoder.binary(*attachment);
  }
  // The encoded form may be longer than what was sent (a comma more): then it is above the limit.
  if (encoded(packet).size() > kLimits.packet_bytes) return;
  FUZZ_CHECK(status == Status::packet);
  const auto again = decoder.take();
  FUZZ_CHECK(again.type == packet.type && again.nsp == packet.nsp && again.data == packet.data);
  FUZZ_CHECK(again.attachments == packet.attachments);
  if (packet.type != PacketType::connect && packet.type != PacketType::connect_error &&
      packet.type != PacketType::disconnect)
    FUZZ_CHECK(again.ack_id == packet.ack_id);
}

/// Whom to answer must not depend on whether the rest of a message was kept.
void check_cut(std::string_view text) {
  socketio::Decoder whole(kLimits), cut(kLimits);
  const bool kept = whole.text(text) == Status::packet;
  if (!kept || cut.cut_text(text) != Status::packet) return;
  const auto a = whole.take(), b = cut.take();
  FUZZ_CHECK(a.type == b.type && a.nsp == b.nsp && a.ack_id == b.ack_id);
}

}  // namespace
}  // namespace tidemark

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  fuzz::Input input(data, size);
  socketio::Decoder decoder(kLimits);
  while (!input.empty()) {
    auto message = input.piece();
    const char kind = message.empty() ? '\0' : message.front();
    Status status;
    if (kind == 'b' || kind == 'c') {
      status = kind == 'b' ? decoder.binary(message.substr(1)) : decoder.cut_binary();
    } else {
      if (!json::is_utf8(message)) return 0;  // the transports let no other through
      check_cut(message);
      status = decoder.text(message);
    }
    FUZZ_CHECK((status == Status::need_more) == decoder.unfinished());
    if (status == Status::packet) check(decoder.take());
    if (status == Status::error) FUZZ_CHECK(socketio::name(decoder.error()) != "none");
  }
  return 0;
}
