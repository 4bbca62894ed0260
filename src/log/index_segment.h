// Index segments: what makes channel scans and the dedupe window cheap without a random-key index.
//
// Segment n covers the offsets [n * kSegmentRecords + 1, (n + 1) * kSegmentRecords]. When an append crosses a boundary,
// the finished segment is written in the same commit: per channel the offsets of its records, and one row with the
// hashes of all client keys. All rows are appended in key order, so they cost a few bytes per record; a random-key
// index would cost a dirty page per record (15 times slower, measured). The unfinished segment lives in memory and is
// rebuilt by a scan on open.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/error.h"
#include "src/base/limits.h"
#include "src/base/offset.h"

namespace tidemark {

struct ChannelOffsets {
  std::string channel;
  std::string offsets;  // encode_offsets
};

struct IndexSegment {
  std::uint64_t number = 0;
  std::vector<ChannelOffsets> channels;  // in order of channel name
  std::string key_hashes;                // encode_key_hashes
};

struct KeyHash {
  std::uint64_t hash;  // of channel and client key, see dedupe_window.h
  Offset offset;
  friend bool operator==(const KeyHash&, const KeyHash&) = default;
};

[[nodiscard]] constexpr std::uint64_t segment_of(Offset offset) {
  return (offset.value() - 1) / limits::kSegmentRecords;
}
[[nodiscard]] constexpr Offset segment_first(std::uint64_t segment) {
  return Offset(segment * limits::kSegmentRecords + 1);
}
[[nodiscard]] constexpr Offset segment_last(std::uint64_t segment) {
  return Offset((segment + 1) * limits::kSegmentRecords);
}

/// Ascending offsets of one segment as varint distances, followed by a CRC-32C.
[[nodiscard]] std::string encode_offsets(std::uint64_t segment, const std::vector<Offset>& offsets);
/// `corrupt` for anything encode_offsets could not have made.
[[nodiscard]] Result<std::vector<Offset>> decode_offsets(std::uint64_t segment, std::string_view bytes);

/// Hash and offset (relative to the segment) of each record with a client key, followed by a CRC-32C.
[[nodiscard]] std::string encode_key_hashes(std::uint64_t segment, const std::vector<KeyHash>& hashes);
[[nodiscard]] Result<std::vector<KeyHash>> decode_key_hashes(std::uint64_t segment, std::string_view bytes);

}  // namespace tidemark
