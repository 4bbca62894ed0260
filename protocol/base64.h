// Base64, RFC 4648 section 4: binary packets in polling bodies, and the WebSocket handshake's key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidemark::base64 {

enum class Padding : bool { required, optional };

/// Strict: standard alphabet only, no blanks, no stray bits after the last byte (section 3.5), and '=' only as padding
/// to a multiple of four. With Padding::optional it may be left out, as Engine.IO clients do.
[[nodiscard]] std::optional<std::string> decode(std::string_view text, Padding padding);

/// Appends the text with its padding.
void append_encoded(std::string& out, std::string_view bytes);

}  // namespace tidemark::base64
