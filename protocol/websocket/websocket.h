// WebSocket, RFC 6455, server side: the opening handshake's answer, frames in and out. Sans-I/O.
// Frames in are read by websocketpp's hybi13 processor; frames out are written here, since they must be encoded once
// and shared by all connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/http/http.h"

namespace tidemark::websocket {

enum class Opcode : std::uint8_t { continuation = 0x0, text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xa };

/// Section 4.2.2. Status 101 with `accept`, or an error status with a sentence; 426 says which version we speak.
struct HandshakeAnswer {
  int status = 400;
  std::string accept;  // Sec-WebSocket-Accept
  std::string error;
};
[[nodiscard]] HandshakeAnswer answer_handshake(const http::Request& request);

/// Whether the request asks to switch to WebSocket at all (Upgrade header).
[[nodiscard]] bool wants_upgrade(const http::Request& request);

/// Reads client frames. One message at a time; memory is reserved only for bytes that have come.
class FrameReader {
 public:
  /// Of a message above `max_message_bytes` only the beginning is kept and the rest dropped as it comes. Where more than
  /// `max_dropped_bytes` would be, it is an error by the head of the frame that announces them.
  explicit FrameReader(std::size_t max_message_bytes, std::size_t max_dropped_bytes = 0);
  FrameReader(FrameReader&&) noexcept;
  FrameReader& operator=(FrameReader&&) noexcept;
  ~FrameReader();

  /// Messages stand before control frames.
  enum class Kind : std::uint8_t { none, text, binary, cut_text, cut_binary, ping, pong, close, error };
  static constexpr std::size_t kCutBytes = 1024;
  struct Event {
    Kind kind = Kind::none;
    std::string data;              // message (text: valid UTF-8), ping or pong data, close reason; of one that was cut
                                   // the first kCutBytes
    std::uint16_t close_code = 0;  // close: the peer's code (1005 if it sent none); error: what to close with
                                   // (1002 protocol error, 1007 invalid UTF-8, 1009 too large)
  };

  /// Consumes bytes from the front (unmasks in place), stops after one complete message or control frame, or at an
  /// error. Returns the bytes consumed; kind `none` means all were consumed and more are needed. After `error` never
  /// call again.
  [[nodiscard]] std::size_t read(std::span<char> bytes, Event& event);

  /// Whether a message or frame has begun and not ended (for the deadline on half messages).
  [[nodiscard]] bool unfinished() const;

 private:
  struct State;
  std::uint32_t kept_bytes_;
  std::uint32_t dropped_bytes_;
  std::unique_ptr<State> state_;  // only while a frame or message is half here: most connections are silent
};

/// Appends one unmasked, unfragmented frame (section 5.2).
void append_frame(std::string& out, Opcode opcode, std::string_view payload);
/// Appends only the head of such a frame.
void append_frame_head(std::string& out, Opcode opcode, std::size_t payload_bytes);
/// Appends a close frame; `reason` is cut to 123 bytes.
void append_close(std::string& out, std::uint16_t code, std::string_view reason);

/// A frame that append_frame made, at the front of `bytes`. Nothing if it is not whole.
struct FrameView {
  Opcode opcode;
  std::string_view payload;
  std::size_t bytes;  // head and payload
};
[[nodiscard]] std::optional<FrameView> first_frame(std::string_view bytes);

}  // namespace tidemark::websocket
