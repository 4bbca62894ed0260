// Socket.IO protocol, revision 5: packets, their reassembly from text and binary messages, and encoding. Sans-I/O.
// Source: "Socket.IO protocol" document, sections "Packet encoding", "Packet types".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark::socketio {

enum class PacketType : std::uint8_t {
  connect = 0,
  disconnect = 1,
  event = 2,
  ack = 3,
  connect_error = 4,
  binary_event = 5,
  binary_ack = 6,
};

/// What a packet has too much of, though by the protocol it is one.
enum class Excess : std::uint8_t { none, depth, event_name, arguments, attachments, bytes };

/// A whole packet: the text and, for the binary types, all announced attachments have arrived.
struct Packet {
  PacketType type = PacketType::event;
  std::string nsp = "/";               // always starts with '/', query part removed
  std::optional<std::int64_t> ack_id;  // 0 .. 2^53 - 1
  std::string data;                    // JSON text as it came; empty if there was none. Validated.
  std::string attachments;             // src/base/attachments.h; empty if there were none
  std::size_t attachment_count = 0;
  Excess excess = Excess::none;  // above a limit: it can be answered, but data and attachments were not kept
};

/// What a client may send wrong. Each ends the connection ("parse error"), as the reference server does.
enum class DecodeError : std::uint8_t {
  none,
  empty,
  unknown_type,
  bad_attachment_count,  // missing, no number, zero where binary is announced, or more than can be meant
  bad_namespace,         // too long for any but a CONNECT; one that does not start with '/' reads as a bad payload
  bad_ack_id,            // none in an ack, 2^53 or more; leading zeros do not matter
  bad_payload,      // no valid JSON, or of the wrong kind for its type (event and ack: array; connect: object or none;
                    // connect_error: object or string; disconnect: none)
  bad_event,        // empty array, name not a string (a number is refused too), reserved name
  bad_placeholder,  // names an attachment that does not exist
  unexpected_binary,  // a binary message although none was announced
  unexpected_text,    // a text message while attachments are missing
};
[[nodiscard]] std::string_view name(DecodeError error);

/// A packet above one of them has an Excess.
struct DecoderLimits {
  std::size_t packet_bytes;  // text and attachments of one packet together
  std::size_t attachments;
  int json_depth;
  std::size_t event_arguments;
};

/// Reassembles packets of one connection. Holds at most one unfinished packet, bounded by `packet_bytes`.
class Decoder {
 public:
  /// `limits` must outlive it: one for all connections.
  explicit Decoder(const DecoderLimits& limits) : limits_(limits) {}
  explicit Decoder(DecoderLimits&&) = delete;

  enum class Status : std::uint8_t { packet, need_more, error };

  /// Text of an Engine.IO message packet (valid UTF-8). `packet`: take() it before the next call.
  [[nodiscard]] Status text(std::string_view data);
  /// A binary Engine.IO message.
  [[nodiscard]] Status binary(std::string_view data);
  /// Messages of which only the beginning was kept, since they are above `packet_bytes`.
  [[nodiscard]] Status cut_text(std::string_view beginning);
  [[nodiscard]] Status cut_binary();

  [[nodiscard]] Packet take();
  [[nodiscard]] DecodeError error() const { return error_; }
  /// Whether a packet waits for attachments.
  [[nodiscard]] bool unfinished() const { return missing_ > 0; }

 private:
  Status fail(DecodeError error);
  Status begin();
  Status attachment(bool fits);
  DecodeError decode_head(std::string_view& text, Packet& packet) const;
  DecodeError check_data(Packet& packet) const;
  DecodeError check_json(Packet& packet) const;
  DecodeError check_event(Packet& packet) const;

  const DecoderLimits& limits_;
  std::unique_ptr<Packet> pending_;  // apart: most connections have none most of the time
  std::uint32_t missing_ = 0;        // attachments of it
  DecodeError error_ = DecodeError::none;
};

/// Names that an event must not have: connect, connect_error, disconnect, disconnecting, newListener, removeListener.
[[nodiscard]] bool is_reserved_event(std::string_view event);

/// Encoders append the text of one Socket.IO packet, without the Engine.IO type digit.
/// `args_json` is the whole JSON array. The main namespace is left out of the text, others stand as "/name,".
void append_connect(std::string& out, std::string_view nsp, std::string_view payload_json);
void append_connect_error(std::string& out, std::string_view nsp, std::string_view payload_json);
void append_disconnect(std::string& out, std::string_view nsp);
/// ack, or binary_ack if attachment_count > 0, as with append_event.
void append_ack(std::string& out, std::string_view nsp, std::int64_t ack_id, std::string_view args_json,
                std::size_t attachment_count = 0);
/// event, or binary_event if attachment_count > 0 (the attachments themselves are binary messages after it).
void append_event(std::string& out, std::string_view nsp, std::size_t attachment_count, std::string_view args_json);

}  // namespace tidemark::socketio
