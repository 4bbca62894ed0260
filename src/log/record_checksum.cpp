#include "src/log/record_checksum.h"

#include <array>
#include <bit>
#include <string_view>

#include "src/base/crc32c.h"

namespace tidemark {
namespace {

constexpr std::uint64_t little_endian(std::uint64_t value) {
  return std::endian::native == std::endian::little ? value : __builtin_bswap64(value);
}

constexpr std::uint64_t pair(std::string_view low, std::string_view high) {
  return little_endian((std::uint64_t{high.size()} << 32) | (low.size() & 0xffffffff));
}

}  // namespace

std::uint32_t record_checksum(const RecordView& record) {
  // Everything of fixed size first, in one go: offset, time and the six lengths.
  const std::array head{little_endian(record.offset.value()),
                        little_endian(static_cast<std::uint64_t>(record.time.value)),
                        pair(record.channel, record.event), pair(record.sender, record.client_key),
                        pair(record.payload, record.attachments)};
  std::uint32_t crc = crc32c(0, {reinterpret_cast<const char*>(head.data()), sizeof head});
  for (const std::string_view field :
       {record.channel, record.event, record.sender, record.client_key, record.payload, record.attachments}) {
    crc = crc32c(crc, field);
  }
  return crc;
}

}  // namespace tidemark
