#include "src/server/record_frames.h"

#include <fmt/format.h>

#include <iterator>

#include "protocol/engineio/engineio.h"
#include "protocol/json/json.h"
#include "protocol/socketio/socketio.h"
#include "protocol/websocket/websocket.h"
#include "src/base/attachments.h"

namespace tidemark {
namespace {

/// The text frame, then one binary frame per attachment.
void append_event_frames(std::string& frames, std::string_view channel, std::string_view attachments,
                         std::string_view args) {
  std::size_t count = 0;
  for (auto rest = attachments; take_attachment(rest);) ++count;
  thread_local std::string packet;
  packet.clear();
  socketio::append_event(packet, channel, count, args);
  append_message_frame(frames, packet);
  while (const auto attachment = take_attachment(attachments)) {
    websocket::append_frame(frames, websocket::Opcode::binary, *attachment);
  }
}

}  // namespace

void append_message_frame(std::string& frames, std::string_view socketio_packet) {
  websocket::append_frame_head(frames, websocket::Opcode::text, socketio_packet.size() + 1);
  engineio::append_packet(frames, engineio::PacketType::message, socketio_packet);
}

void append_engine_frame(std::string& frames, std::string_view engineio_packet) {
  websocket::append_frame(frames, websocket::Opcode::text, engineio_packet);
}

void RecordFrames::encode(const RecordView& record, std::string& frames) const {
  thread_local std::string args;
  args = '[';
  json::append_string(args, record.event);
  args += ',';
  args += record.payload;
  fmt::format_to(std::back_inserter(args), ",{},\"{}.{}\"]", record.offset.value(), epoch_, record.offset.value());
  append_event_frames(frames, record.channel, record.attachments, args);
}

void RecordFrames::encode_relay(const Relay& relay, Offset seen, std::string& frames) const {
  thread_local std::string args;
  args = '[';
  json::append_string(args, relay.event);
  args += ',';
  args += relay.payload;
  fmt::format_to(std::back_inserter(args), ",\"{}.{}\"]", epoch_, seen.value());
  append_event_frames(frames, relay.channel, relay.attachments, args);
}

}  // namespace tidemark
