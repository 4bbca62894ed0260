#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "protocol/json/json.h"
#include "protocol/socketio/socketio.h"
#include "src/base/attachments.h"
#include "src/base/limits.h"

namespace tidemark::socketio {

namespace {

constexpr std::uint64_t kAckIdMax = (std::uint64_t{1} << 53) - 1;  // the stock client counts in JavaScript numbers

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_binary(PacketType type) { return type == PacketType::binary_event || type == PacketType::binary_ack; }

/// Takes the digits off the front. Anything above `max` becomes `max` + 1. Nothing if there is no digit.
std::optional<std::uint64_t> take_number(std::string_view& text, std::uint64_t max) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  std::uint64_t number = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1))
    number = std::min(number * 10 + static_cast<std::uint64_t>(text.front() - '0'), max + 1);
  return number;
}

/// Takes "/name," off the front: the namespace without its query part. One without a comma reaches to the end.
std::string_view take_namespace(std::string_view& text) {
  const auto comma = std::min(text.find(','), text.size());
  const auto nsp = text.substr(0, comma);
  text.remove_prefix(std::min(comma + 1, text.size()));
  return nsp.substr(0, nsp.find('?'));
}

}  // namespace

std::string_view name(DecodeError error) {
  switch (error) {
    case DecodeError::none: return "none";
    case DecodeError::empty: return "empty";
    case DecodeError::unknown_type: return "unknown_type";
    case DecodeError::bad_attachment_count: return "bad_attachment_count";
    case DecodeError::bad_namespace: return "bad_namespace";
    case DecodeError::bad_ack_id: return "bad_ack_id";
    case DecodeError::bad_payload: return "bad_payload";
    case DecodeError::bad_event: return "bad_event";
    case DecodeError::bad_placeholder: return "bad_placeholder";
    case DecodeError::unexpected_binary: return "unexpected_binary";
    case DecodeError::unexpected_text: return "unexpected_text";
    case DecodeError::too_large: return "too_large";
  }
  return "unknown";
}

bool is_reserved_event(std::string_view event) {
  static constexpr std::array<std::string_view, 6> kReserved = {"connect",       "connect_error", "disconnect",
                                                                "disconnecting", "newListener",   "removeListener"};
  return std::ranges::find(kReserved, event) != kReserved.end();
}

Decoder::Status Decoder::fail(DecodeError error) {
  error_ = error;
  pending_.reset();
  missing_ = 0;
  return Status::error;
}

Decoder::Status Decoder::text(std::string_view data) {
  if (missing_ > 0) return fail(DecodeError::unexpected_text);
  pending_ = std::make_unique<Packet>();
  Packet& packet = *pending_;
  const auto error = decode(data, packet);
  if (error != DecodeError::none) return fail(error);
  missing_ = packet.attachment_count;
  return missing_ > 0 ? Status::need_more : Status::packet;
}

Decoder::Status Decoder::binary(std::string_view data) {
  if (missing_ == 0) return fail(DecodeError::unexpected_binary);
  const auto held = pending_->data.size() + pending_->attachments.size();
  if (data.size() > limits_.packet_bytes - std::min(held, limits_.packet_bytes)) return fail(DecodeError::too_large);
  append_attachment(pending_->attachments, data);
  --missing_;
  return missing_ > 0 ? Status::need_more : Status::packet;
}

Packet Decoder::take() {
  assert(pending_ && missing_ == 0);
  Packet packet = std::move(*pending_);
  pending_.reset();
  return packet;
}

// <packet type>[<# of binary attachments>-][<namespace>,][<acknowledgment id>][payload]
DecodeError Decoder::decode(std::string_view text, Packet& packet) const {
  if (text.empty()) return DecodeError::empty;
  if (text.size() > limits_.packet_bytes) return DecodeError::too_large;
  if (text.front() < '0' || text.front() > '6') return DecodeError::unknown_type;
  packet.type = static_cast<PacketType>(text.front() - '0');
  text.remove_prefix(1);

  if (is_binary(packet.type)) {
    const auto count = take_number(text, limits_.attachments);
    if (!count || *count == 0 || *count > limits_.attachments || !text.starts_with('-'))
      return DecodeError::bad_attachment_count;
    packet.attachment_count = static_cast<std::size_t>(*count);
    text.remove_prefix(1);
  }

  if (text.starts_with('/')) {
    const auto nsp = take_namespace(text);
    if (nsp.size() > limits::kChannelNameBytes) return DecodeError::bad_namespace;
    packet.nsp = nsp;
  }

  if (const auto id = take_number(text, kAckIdMax)) {
    if (*id > kAckIdMax) return DecodeError::bad_ack_id;
    packet.ack_id = static_cast<std::int64_t>(*id);
  }

  packet.data = text;
  return check_data(packet);
}

DecodeError Decoder::check_data(const Packet& packet) const {
  const auto& data = packet.data;
  switch (packet.type) {
    case PacketType::disconnect: return data.empty() ? DecodeError::none : DecodeError::bad_payload;
    case PacketType::connect:
      if (data.empty()) return DecodeError::none;
      if (!json::is_valid(data, limits_.json_depth) || json::kind_of(data) != json::Kind::object)
        return DecodeError::bad_payload;
      return DecodeError::none;
    case PacketType::connect_error:
      if (!json::is_valid(data, limits_.json_depth)) return DecodeError::bad_payload;
      if (json::kind_of(data) != json::Kind::object && json::kind_of(data) != json::Kind::string)
        return DecodeError::bad_payload;
      return DecodeError::none;
    case PacketType::ack:
    case PacketType::binary_ack:
      if (!packet.ack_id) return DecodeError::bad_ack_id;
      if (!json::is_valid(data, limits_.json_depth) || json::kind_of(data) != json::Kind::array)
        return DecodeError::bad_payload;
      break;
    case PacketType::event:
    case PacketType::binary_event:
      if (const auto error = check_event(data); error != DecodeError::none) return error;
      break;
  }
  if (is_binary(packet.type) && !json::placeholders_fit(data, packet.attachment_count))
    return DecodeError::bad_placeholder;
  return DecodeError::none;
}

DecodeError Decoder::check_event(std::string_view data) const {
  const auto elements = json::split_array(data, limits_.json_depth, limits_.event_arguments + 1);
  if (!elements) {
    const bool too_many = json::is_valid(data, limits_.json_depth) && json::kind_of(data) == json::Kind::array;
    return too_many ? DecodeError::bad_event : DecodeError::bad_payload;
  }
  if (elements->empty()) return DecodeError::bad_event;
  const auto event = json::decode_string(elements->front());
  if (!event || event->size() > limits::kEventNameBytes || is_reserved_event(*event)) return DecodeError::bad_event;
  return DecodeError::none;
}

}  // namespace tidemark::socketio
