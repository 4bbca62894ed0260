// The keys: numbers as eight bytes, big-endian, so that RocksDB's byte order is the order of the numbers.
#pragma once

#include <rocksdb/slice.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/offset.h"

namespace tidemark::rocks {

constexpr std::size_t kNumberBytes = 8;

/// Eight bytes of a key, to be held while RocksDB looks at them.
class NumberKey {
 public:
  explicit NumberKey(std::uint64_t number) {
    for (std::size_t i = kNumberBytes; i-- > 0; number >>= 8) bytes_[i] = static_cast<char>(number & 0xff);
  }
  explicit NumberKey(Offset offset) : NumberKey(offset.value()) {}
  [[nodiscard]] rocksdb::Slice slice() const { return {bytes_.data(), bytes_.size()}; }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, kNumberBytes> bytes_{};
};

/// The number a key begins with. The key has at least eight bytes.
[[nodiscard]] inline std::uint64_t number_of(const rocksdb::Slice& key) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < kNumberBytes; ++i) number = (number << 8) | static_cast<unsigned char>(key[i]);
  return number;
}

// In `segments`, the number of the segment is followed by one byte that says which of its rows this is. The hashes come
// first, so that a visit of all hashes goes from one segment's first row to the next one's.
constexpr char kHashesRow = 0;
constexpr char kChannelRow = 1;  // and the channel's name

[[nodiscard]] inline std::string hashes_key(std::uint64_t segment) {
  return std::string(NumberKey(segment).view()) + kHashesRow;
}
[[nodiscard]] inline std::string channel_key(std::uint64_t segment, std::string_view channel) {
  return std::string(NumberKey(segment).view()).append(1, kChannelRow).append(channel);
}

// In `meta`: names and values as text.
inline constexpr std::string_view kEpochKey = "epoch";
inline constexpr std::string_view kNextOffsetKey = "next_offset";        // no smaller one is given
inline constexpr std::string_view kTrimmedBeforeKey = "trimmed_before";  // nothing smaller is visible
inline constexpr std::string_view kLossPrefix = "loss:";                 // and the channel's name; the newest it lost

}  // namespace tidemark::rocks
