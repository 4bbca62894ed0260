// Binary attachments of one record, in one string: per attachment a 4-byte little-endian length and the bytes.
// Order is that of the placeholders' numbers (Socket.IO protocol v5, "BINARY_EVENT").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

inline void append_attachment(std::string& attachments, std::string_view bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  for (int shift = 0; shift < 32; shift += 8) attachments.push_back(static_cast<char>((size >> shift) & 0xff));
  attachments.append(bytes);
}

/// Takes the first attachment off the front; nothing at the end or where the rest is not what append_attachment makes.
[[nodiscard]] inline std::optional<std::string_view> take_attachment(std::string_view& attachments) {
  if (attachments.size() < 4) return std::nullopt;
  std::uint32_t size = 0;
  for (int i = 3; i >= 0; --i)
    size = (size << 8) | static_cast<unsigned char>(attachments[static_cast<std::size_t>(i)]);
  if (attachments.size() - 4 < size) return std::nullopt;
  const auto bytes = attachments.substr(4, size);
  attachments.remove_prefix(4 + std::size_t{size});
  return bytes;
}

}  // namespace tidemark
