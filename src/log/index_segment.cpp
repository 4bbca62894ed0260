#include "src/log/index_segment.h"

#include <fmt/format.h>

#include <optional>

#include "src/base/crc32c.h"

namespace tidemark {
namespace {

constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kHashBytes = 8;

void put_fixed(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

std::uint64_t get_fixed(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = (value << 8) | static_cast<unsigned char>(bytes[i - 1]);
  return value;
}

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(0x80 | (value & 0x7f)));
  out.push_back(static_cast<char>(value));
}

/// Takes a distance of at most one segment off the front. Longer forms of the same number are refused: one value, one
/// encoding.
std::optional<std::uint64_t> take_distance(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 3; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && i > 0) return std::nullopt;
    bytes.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}
static_assert(limits::kSegmentRecords < (std::uint64_t{1} << 21), "a distance fits three varint bytes");

/// The segment's number is part of the checksum: a row that ended up under another number is noticed.
std::uint32_t checksum(std::uint64_t segment, std::string_view body) {
  std::string number;
  put_fixed(number, segment, sizeof segment);
  return crc32c(crc32c(0, number), body);
}

void seal(std::uint64_t segment, std::string& body) { put_fixed(body, checksum(segment, body), kChecksumBytes); }

std::optional<std::string_view> unseal(std::uint64_t segment, std::string_view bytes) {
  if (bytes.size() < kChecksumBytes) return std::nullopt;
  const auto body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (get_fixed(bytes.substr(body.size())) != checksum(segment, body)) return std::nullopt;
  return body;
}

std::unexpected<Error> damaged(std::uint64_t segment) {
  return fail(ErrorCode::corrupt,
              fmt::format("index segment {} (offsets {} to {}) fails its checksum; 'tidemark repair' makes it new",
                          segment, segment_first(segment).value(), segment_last(segment).value()));
}

}  // namespace

std::string encode_offsets(std::uint64_t segment, const std::vector<Offset>& offsets) {
  std::string out;
  out.reserve(offsets.size() * 2 + kChecksumBytes);
  auto previous = segment_first(segment).value() - 1;
  for (const Offset offset : offsets) {
    put_varint(out, offset.value() - previous);
    previous = offset.value();
  }
  seal(segment, out);
  return out;
}

Result<std::vector<Offset>> decode_offsets(std::uint64_t segment, std::string_view bytes) {
  auto body = unseal(segment, bytes);
  if (!body) return damaged(segment);
  std::vector<Offset> offsets;
  auto previous = segment_first(segment).value() - 1;
  while (!body->empty()) {
    const auto distance = take_distance(*body);
    if (!distance || *distance == 0) return damaged(segment);
    previous += *distance;
    if (previous > segment_last(segment).value()) return damaged(segment);
    offsets.emplace_back(previous);
  }
  return offsets;
}

std::string encode_key_hashes(std::uint64_t segment, const std::vector<KeyHash>& hashes) {
  std::string out;
  out.reserve(hashes.size() * (kHashBytes + 2) + kChecksumBytes);
  auto previous = segment_first(segment).value() - 1;
  for (const KeyHash& key : hashes) {
    put_fixed(out, key.hash, kHashBytes);
    put_varint(out, key.offset.value() - previous);
    previous = key.offset.value();
  }
  seal(segment, out);
  return out;
}

Result<std::vector<KeyHash>> decode_key_hashes(std::uint64_t segment, std::string_view bytes) {
  auto body = unseal(segment, bytes);
  if (!body) return damaged(segment);
  std::vector<KeyHash> hashes;
  auto previous = segment_first(segment).value() - 1;
  while (!body->empty()) {
    if (body->size() <= kHashBytes) return damaged(segment);
    const auto hash = get_fixed(body->substr(0, kHashBytes));
    body->remove_prefix(kHashBytes);
    const auto distance = take_distance(*body);
    if (!distance || *distance == 0) return damaged(segment);
    previous += *distance;
    if (previous > segment_last(segment).value()) return damaged(segment);
    hashes.push_back({hash, Offset(previous)});
  }
  return hashes;
}

}  // namespace tidemark
