// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum kept with every record.
#pragma once

#include <cstdint>
#include <string_view>

namespace tidemark {

/// Continues `crc` (0 to start) over `bytes`. crc32c(0, "123456789") == 0xE3069283.
[[nodiscard]] std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes);

}  // namespace tidemark
