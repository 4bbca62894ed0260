// Engine.IO protocol, revision 4: packets, polling payloads and the handshake. Sans-I/O.
// Source: "Engine.IO protocol" document, sections "Packet encoding", "HTTP long-polling", "Handshake", "Upgrade".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark::engineio {

enum class PacketType : std::uint8_t { open = 0, close = 1, ping = 2, pong = 3, message = 4, upgrade = 5, noop = 6 };

/// Data borrows from the decoder's input (or, for base64, from the payload decoder's scratch).
struct Packet {
  PacketType type = PacketType::noop;
  bool binary = false;  // a message whose data is bytes, not text
  std::string_view data;
};

enum class DecodeError : std::uint8_t { empty, unknown_type, bad_base64, too_many_packets };

/// One packet out of a text WebSocket message: type digit, then data. A binary WebSocket message is a binary `message`
/// packet as it is and needs no decoding.
[[nodiscard]] std::expected<Packet, DecodeError> decode_packet(std::string_view text);
/// The same, and also takes 'b' and base64, which a stock client with `forceBase64` sends over WebSocket, too. The
/// bytes then stand in `scratch`.
[[nodiscard]] std::expected<Packet, DecodeError> decode_packet(std::string_view text, std::string& scratch);

/// A polling body: packets joined by U+001E, binary ones as 'b' and base64 (padding optional).
class PayloadDecoder {
 public:
  /// Packets borrow from `body` and from this object until the next call.
  [[nodiscard]] std::expected<std::vector<Packet>, DecodeError> decode(std::string_view body, std::size_t max_packets);

 private:
  std::vector<std::string> scratch_;
};

inline constexpr char kSeparator = '\x1e';

/// Appends one text packet ("4" + data and the like).
void append_packet(std::string& out, PacketType type, std::string_view data);
/// Appends a binary message in the form polling needs: 'b' + base64.
void append_binary_for_polling(std::string& out, std::string_view bytes);

struct Handshake {
  std::string_view sid;
  bool can_upgrade = false;  // offers ["websocket"]
  std::chrono::milliseconds ping_interval{};
  std::chrono::milliseconds ping_timeout{};
  std::size_t max_payload = 0;  // bytes
};

/// The open packet: 0{"sid":...,"upgrades":[...],"pingInterval":...,"pingTimeout":...,"maxPayload":...}, fields in that
/// order.
void append_open(std::string& out, const Handshake& handshake);

}  // namespace tidemark::engineio
