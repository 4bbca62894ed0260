#include "backends/rocksdb/record_encoding.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "src/log/record_checksum.h"

namespace tidemark::rocks {
namespace {

constexpr std::size_t kVarintBytes = 10;  // of 64 bits

template <class T>
void put_fixed(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes;
  for (char& byte : bytes) {
    byte = static_cast<char>(value & 0xff);
    value = static_cast<T>(value >> 8);
  }
  out.append(bytes.data(), bytes.size());
}

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

/// Takes values from the front; once there is too little it stays failed.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T fixed() {
    const auto bytes = take(sizeof(T));
    T value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;)
      value = static_cast<T>((value << 8) | static_cast<unsigned char>(bytes[i]));
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kVarintBytes && i < bytes_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(bytes_[i]);
      value |= std::uint64_t{byte & 0x7fU} << (7 * i);
      if (byte < 0x80) {
        bytes_.remove_prefix(i + 1);
        return value;
      }
    }
    failed_ = true;
    return 0;
  }
  std::string_view take(std::uint64_t size) {
    if (failed_ || size > bytes_.size()) {
      failed_ = true;
      return {};
    }
    const auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  [[nodiscard]] std::string_view rest() const { return bytes_; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace

void encode_record(const RecordView& record, std::string& value) {
  value.clear();
  put_fixed(value, record_checksum(record));
  put_fixed(value, static_cast<std::uint64_t>(record.time.value));
  const std::array fields{record.channel, record.event, record.sender, record.client_key, record.attachments};
  for (const auto field : fields) put_varint(value, field.size());
  for (const auto field : fields) value.append(field);
  value.append(record.payload);
}

bool decode_record(std::string_view value, RecordView& record) {
  Cursor cursor(value);
  const auto crc = cursor.fixed<std::uint32_t>();
  record.time = {static_cast<std::int64_t>(cursor.fixed<std::uint64_t>())};
  const std::array fields{&record.channel, &record.event, &record.sender, &record.client_key, &record.attachments};
  std::array<std::uint64_t, fields.size()> sizes{};
  for (auto& size : sizes) size = cursor.varint();
  for (std::size_t i = 0; i < fields.size(); ++i) *fields[i] = cursor.take(sizes[i]);
  record.payload = cursor.rest();
  return !cursor.failed() && crc == record_checksum(record);
}

}  // namespace tidemark::rocks
