// The chat message that the generator publishes and recognises again: publisher, sequence number and time of sending
// in fixed columns, then filler. Fixed columns because a saturated server sends millions of them per second, and the
// generator has to check each one for less than the server spends on it.
//
//   0007-0000000042-000123456789012345 etaoin shrdlu etaoin ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark::load {

inline constexpr std::size_t kStampBytes = 35;  // "0007-0000000042-000123456789012345 "

/// Monotonic clock, nanoseconds.
[[nodiscard]] std::uint64_t now_ns();

/// Appends a text of exactly `bytes` bytes (at least kStampBytes) that needs no escapes in JSON.
void append_text(std::string& out, std::size_t bytes, std::uint32_t publisher, std::uint32_t sequence,
                 std::uint64_t sent_ns);

/// `42["chat message",TEXT,OFFSET?,POSITION?]` as a server broadcasts it. Views borrow from the frame.
struct Delivery {
  std::uint32_t publisher = 0;
  std::uint32_t sequence = 0;
  std::string_view sent_ns;     // digits; sent_time() reads them, only where they are sampled
  std::uint64_t offset = 0;     // 0 if the server sends none
  std::string_view position;    // last argument if it is a string: what the stock client remembers
  std::size_t frame_bytes = 0;  // on the wire

  [[nodiscard]] std::uint64_t sent_time() const;
};

/// `rest` is what follows the text's opening quote. Nothing if it is not one of our messages.
[[nodiscard]] std::optional<Delivery> parse_delivery(std::string_view rest, std::size_t text_bytes);

/// `42["chat message","` or `42/chat/7,["chat message","`: how every delivery in `channel` begins.
[[nodiscard]] std::string delivery_prefix(std::string_view channel);

/// `/chat/7,`, or nothing for the main namespace: how Socket.IO names the channel in every packet.
[[nodiscard]] std::string packet_namespace(std::string_view channel);

}  // namespace tidemark::load
