#include "protocol/engineio/engineio.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "protocol/base64.h"
#include "protocol/json/json.h"

namespace tidemark::engineio {

namespace {

constexpr char kBinaryPrefix = 'b';

}  // namespace

std::expected<Packet, DecodeError> decode_packet(std::string_view text) {
  if (text.empty()) return std::unexpected(DecodeError::empty);
  if (text.front() < '0' || text.front() > '6') return std::unexpected(DecodeError::unknown_type);
  return Packet{static_cast<PacketType>(text.front() - '0'), false, text.substr(1)};
}

std::expected<Packet, DecodeError> decode_packet(std::string_view text, std::string& scratch) {
  if (!text.starts_with(kBinaryPrefix)) return decode_packet(text);
  auto bytes = base64::decode(text.substr(1), base64::Padding::optional);
  if (!bytes) return std::unexpected(DecodeError::bad_base64);
  scratch = std::move(*bytes);
  return Packet{PacketType::message, true, scratch};
}

std::expected<std::vector<Packet>, DecodeError> PayloadDecoder::decode(std::string_view body, std::size_t max_packets) {
  const auto count = static_cast<std::size_t>(std::ranges::count(body, kSeparator)) + 1;
  if (count > max_packets) return std::unexpected(DecodeError::too_many_packets);
  std::vector<Packet> packets;
  packets.reserve(count);
  scratch_.clear();
  scratch_.reserve(count);  // no string may move once a packet borrows from it
  for (;;) {
    const auto separator = body.find(kSeparator);
    const auto text = body.substr(0, separator);
    const bool binary = text.starts_with(kBinaryPrefix);
    const auto packet = binary ? decode_packet(text, scratch_.emplace_back()) : decode_packet(text);
    if (!packet) return std::unexpected(packet.error());
    packets.push_back(*packet);
    if (separator == std::string_view::npos) return packets;
    body.remove_prefix(separator + 1);
  }
}

void append_packet(std::string& out, PacketType type, std::string_view data) {
  out.push_back(static_cast<char>('0' + static_cast<int>(type)));
  out.append(data);
}

void append_binary_for_polling(std::string& out, std::string_view bytes) {
  out.push_back(kBinaryPrefix);
  base64::append_encoded(out, bytes);
}

void append_open(std::string& out, const Handshake& handshake) {
  append_packet(out, PacketType::open, R"({"sid":)");
  json::append_string(out, handshake.sid);
  fmt::format_to(std::back_inserter(out), R"(,"upgrades":[{}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}})",
                 handshake.can_upgrade ? R"("websocket")" : "", handshake.ping_interval.count(),
                 handshake.ping_timeout.count(), handshake.max_payload);
}

}  // namespace tidemark::engineio
