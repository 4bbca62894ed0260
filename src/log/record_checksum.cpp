#include "src/log/record_checksum.h"

#include <array>
#include <initializer_list>
#include <string_view>

#include "src/base/crc32c.h"

namespace tidemark {
namespace {

void put(char*& at, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) *at++ = static_cast<char>((value >> (8 * i)) & 0xff);
}

}  // namespace

std::uint32_t record_checksum(const RecordView& record) {
  const std::array fields{record.channel,    record.event,   record.sender,
                          record.client_key, record.payload, record.attachments};
  // Everything of fixed size first, in one go: offset, time and the six lengths.
  std::array<char, 16 + 4 * fields.size()> head{};
  char* at = head.data();
  put(at, record.offset.value(), 8);
  put(at, static_cast<std::uint64_t>(record.time.value), 8);
  for (const std::string_view field : fields) put(at, field.size(), 4);

  std::uint32_t crc = crc32c(0, {head.data(), head.size()});
  for (const std::string_view field : fields) crc = crc32c(crc, field);
  return crc;
}

}  // namespace tidemark
