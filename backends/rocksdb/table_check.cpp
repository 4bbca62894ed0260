#include "backends/rocksdb/table_check.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark::rocks {
namespace {

// The footer: a byte for the kind of checksum, the places of the block that names the others and of the index, zeros up
// to a fixed size, the format's version and a magic number.
constexpr std::size_t kFooterBytes = 53;
constexpr std::size_t kPlacesBytes = 40;
constexpr std::uint64_t kMagic = 0x88e241b785f4cff7;
constexpr char kXxh3 = 4;  // the kind RocksDB uses unless told otherwise
// After each block: a byte for its compression and four of checksum, over block and that byte.
constexpr std::size_t kTrailerBytes = 5;
constexpr std::uint32_t kCompressionFactor = 0x6b9083d9;
// Both blocks together come to less than a kilobyte.
constexpr std::uint64_t kBlockBytesMax = 1 << 20;

template <class Bytes>
using Read = std::expected<Bytes, rocksdb::IOStatus>;

std::unexpected<rocksdb::IOStatus> damaged(std::string_view what) {
  return std::unexpected(rocksdb::IOStatus::Corruption(fmt::format("the table's {} is damaged", what)));
}

template <class Number>
Number fixed(const char* bytes) {
  Number value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// Takes a number in groups of seven bits off the front.
std::optional<std::uint64_t> take_number(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto group = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(group & 0x7fU) << shift;
    if (group < 0x80) return value;
  }
  return std::nullopt;
}

Read<std::string> read(const rocksdb::FSRandomAccessFile& table, std::uint64_t from, std::size_t size) {
  std::string bytes(size, '\0');
  rocksdb::Slice got;
  auto status = table.Read(from, size, rocksdb::IOOptions(), &got, bytes.data(), nullptr);
  if (!status.ok()) return std::unexpected(std::move(status));
  if (got.size() != size) return damaged("length");
  if (got.data() != bytes.data()) bytes.assign(got.data(), got.size());
  return bytes;
}

struct Place {
  std::uint64_t from = 0, size = 0;
};

std::optional<Place> take_place(std::string_view& bytes) {
  const auto from = take_number(bytes);
  const auto size = from ? take_number(bytes) : std::nullopt;
  if (!size) return std::nullopt;
  return Place{*from, *size};
}

Read<std::string> read_block(const rocksdb::FSRandomAccessFile& table, Place place, std::uint64_t end,
                             std::string_view name) {
  if (place.size > kBlockBytesMax || place.from > end || place.size + kTrailerBytes > end - place.from) {
    return damaged(name);
  }
  auto block = read(table, place.from, place.size + kTrailerBytes);
  if (!block) return block;
  const auto compression = static_cast<unsigned char>((*block)[place.size]);
  const auto checksum =
      static_cast<std::uint32_t>(XXH3_64bits(block->data(), place.size)) ^ (compression * kCompressionFactor);
  if (checksum != fixed<std::uint32_t>(block->data() + place.size + 1)) return damaged(name);
  block->resize(place.size);
  return block;
}

/// Where the block of properties is; nothing if there is none. Names are not shortened in this block.
std::optional<Place> place_of_properties(std::string_view names) {
  while (!names.empty()) {
    const auto shared = take_number(names);
    const auto name_bytes = take_number(names);
    const auto value_bytes = take_number(names);
    if (shared != 0 || !name_bytes || !value_bytes || *name_bytes > names.size() ||
        *value_bytes > names.size() - *name_bytes) {
      return std::nullopt;
    }
    auto value = names.substr(*name_bytes, *value_bytes);
    if (names.substr(0, *name_bytes) == "rocksdb.properties") return take_place(value);
    names.remove_prefix(*name_bytes + *value_bytes);
  }
  return std::nullopt;
}

}  // namespace

rocksdb::IOStatus check_table(const rocksdb::FSRandomAccessFile& table, std::uint64_t bytes) {
  if (bytes < kFooterBytes) return damaged("length").error();
  const auto end = bytes - kFooterBytes;
  const auto footer = read(table, end, kFooterBytes);
  if (!footer) return footer.error();
  auto places = std::string_view(*footer).substr(1, kPlacesBytes);
  const auto names_place = take_place(places);
  if (footer->front() != kXxh3 || !names_place ||
      fixed<std::uint64_t>(footer->data() + kFooterBytes - sizeof kMagic) != kMagic) {
    return damaged("footer").error();
  }
  const auto names = read_block(table, *names_place, end, "list of blocks");
  if (!names) return names.error();
  const auto properties_place = place_of_properties(*names);
  if (!properties_place) return damaged("list of blocks").error();
  const auto properties = read_block(table, *properties_place, end, "block of properties");
  return properties ? rocksdb::IOStatus::OK() : properties.error();
}

}  // namespace tidemark::rocks
