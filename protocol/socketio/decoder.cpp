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
  if (data.size() > limits_.packet_bytes) return cut_text(data);
  if (missing_ > 0) return fail(DecodeError::unexpected_text);
  pending_ = std::make_unique<Packet>();
  auto error = decode_head(data, *pending_);
  if (error == DecodeError::none) {
    pending_->data = data;
    error = check_data(*pending_);
  }
  return error == DecodeError::none ? begin() : fail(error);
}

Decoder::Status Decoder::cut_text(std::string_view beginning) {
  if (missing_ > 0) return fail(DecodeError::unexpected_text);
  pending_ = std::make_unique<Packet>();
  Packet& packet = *pending_;
  const auto error = decode_head(beginning, packet);
  if (error != DecodeError::none) return fail(error);
  // Nothing left of it: the head itself may have been cut.
  if (packet.type == PacketType::disconnect || beginning.empty()) return fail(DecodeError::bad_payload);
  if (packet.nsp.size() > limits::kChannelNameBytes) return fail(DecodeError::bad_namespace);
  packet.excess = Excess::bytes;
  return begin();
}

/// Of a packet whose text is decoded, the attachments are still to come.
Decoder::Status Decoder::begin() {
  if (pending_->excess != Excess::none) pending_->data = std::string();
  missing_ = static_cast<std::uint32_t>(pending_->attachment_count);
  return missing_ > 0 ? Status::need_more : Status::packet;
}

Decoder::Status Decoder::binary(std::string_view data) {
  if (missing_ == 0) return fail(DecodeError::unexpected_binary);
  const auto held = pending_->data.size() + pending_->attachments.size();
  const bool fits = data.size() <= limits_.packet_bytes - std::min(held, limits_.packet_bytes);
  if (fits && pending_->excess == Excess::none) append_attachment(pending_->attachments, data);
  return attachment(fits);
}

Decoder::Status Decoder::cut_binary() {
  if (missing_ == 0) return fail(DecodeError::unexpected_binary);
  return attachment(false);
}

Decoder::Status Decoder::attachment(bool fits) {
  if (!fits && pending_->excess == Excess::none) {
    pending_->excess = Excess::bytes;
    pending_->data = std::string();
    pending_->attachments = std::string();
  }
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
DecodeError Decoder::decode_head(std::string_view& text, Packet& packet) const {
  if (text.empty()) return DecodeError::empty;
  if (text.front() < '0' || text.front() > '6') return DecodeError::unknown_type;
  packet.type = static_cast<PacketType>(text.front() - '0');
  text.remove_prefix(1);

  if (is_binary(packet.type)) {
    const auto count = take_number(text, limits::kAttachmentsAnnounced);
    if (!count || *count == 0 || *count > limits::kAttachmentsAnnounced || !text.starts_with('-'))
      return DecodeError::bad_attachment_count;
    packet.attachment_count = static_cast<std::size_t>(*count);
    if (packet.attachment_count > limits_.attachments) packet.excess = Excess::attachments;
    text.remove_prefix(1);
  }

  if (text.starts_with('/')) {
    const auto nsp = take_namespace(text);
    // A CONNECT can be refused by name; nothing else can be for a namespace that nobody is connected to.
    if (nsp.size() > limits::kChannelNameBytes && packet.type != PacketType::connect) return DecodeError::bad_namespace;
    packet.nsp = nsp;
  }

  if (const auto id = take_number(text, kAckIdMax)) {
    if (*id > kAckIdMax) return DecodeError::bad_ack_id;
    packet.ack_id = static_cast<std::int64_t>(*id);
  }
  return DecodeError::none;
}

DecodeError Decoder::check_data(Packet& packet) const {
  const auto kind = json::kind_of(packet.data);
  switch (packet.type) {
    case PacketType::disconnect: return packet.data.empty() ? DecodeError::none : DecodeError::bad_payload;
    case PacketType::connect:
      if (packet.data.empty()) return DecodeError::none;
      return kind == json::Kind::object ? check_json(packet) : DecodeError::bad_payload;
    case PacketType::connect_error:
      return kind == json::Kind::object || kind == json::Kind::string ? check_json(packet) : DecodeError::bad_payload;
    case PacketType::ack:
    case PacketType::binary_ack:
      if (!packet.ack_id) return DecodeError::bad_ack_id;
      if (kind != json::Kind::array) return DecodeError::bad_payload;
      if (const auto error = check_json(packet); error != DecodeError::none) return error;
      break;
    case PacketType::event:
    case PacketType::binary_event:
      if (kind != json::Kind::array) return DecodeError::bad_payload;
      if (const auto error = check_event(packet); error != DecodeError::none) return error;
      break;
  }
  if (is_binary(packet.type) && packet.excess == Excess::none &&
      !json::placeholders_fit(packet.data, packet.attachment_count))
    return DecodeError::bad_placeholder;
  return DecodeError::none;
}

/// What goes too deep is valid up to there, and that is as far as it is looked at.
DecodeError Decoder::check_json(Packet& packet) const {
  switch (json::check(packet.data, limits_.json_depth)) {
    case json::Validity::valid: return DecodeError::none;
    case json::Validity::too_deep: packet.excess = Excess::depth; return DecodeError::none;
    case json::Validity::invalid: break;
  }
  return DecodeError::bad_payload;
}

DecodeError Decoder::check_event(Packet& packet) const {
  const auto elements = json::split_array(packet.data, limits_.json_depth, limits_.event_arguments + 1);
  if (!elements) {
    if (const auto error = check_json(packet); error != DecodeError::none) return error;
    if (packet.excess == Excess::none) packet.excess = Excess::arguments;
    return DecodeError::none;
  }
  if (elements->empty()) return DecodeError::bad_event;
  const auto event = json::decode_string(elements->front());
  if (!event || is_reserved_event(*event)) return DecodeError::bad_event;
  if (event->size() > limits::kEventNameBytes) packet.excess = Excess::event_name;
  return DecodeError::none;
}

}  // namespace tidemark::socketio
