// The codecs of the index segments.
#include <doctest/doctest.h>

#include <random>

#include "src/log/index_segment.h"
#include "src/log/record_checksum.h"

namespace tidemark {
namespace {

constexpr std::uint64_t kSegment = limits::kSegmentRecords;

}  // namespace

TEST_CASE("segment 0 begins at offset 1 and ends where segment 1 begins") {
  CHECK(segment_of(Offset(1)) == 0);
  CHECK(segment_of(Offset(kSegment)) == 0);
  CHECK(segment_of(Offset(kSegment + 1)) == 1);
  CHECK(segment_first(1) == Offset(kSegment + 1));
  CHECK(segment_last(1) == Offset(2 * kSegment));
}

TEST_CASE("what was encoded is decoded") {
  std::mt19937_64 random(7);
  for (const std::uint64_t segment : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{123'456'789}}) {
    for (const std::uint64_t keep_one_in : {1, 2, 50, 20'000}) {
      std::vector<Offset> offsets;
      std::vector<KeyHash> keys;
      for (std::uint64_t i = 0; i < kSegment; ++i) {
        if (random() % keep_one_in != 0) continue;
        offsets.emplace_back(segment_first(segment).value() + i);
        keys.push_back({random(), offsets.back()});
      }
      CHECK(decode_offsets(segment, encode_offsets(segment, offsets)).value() == offsets);
      CHECK(decode_key_hashes(segment, encode_key_hashes(segment, keys)).value() == keys);
    }
  }
}

TEST_CASE("any flipped bit, missing byte or wrong segment number is corrupt") {
  const auto offsets = encode_offsets(3, {segment_first(3), Offset(segment_first(3).value() + 300), segment_last(3)});
  const auto keys = encode_key_hashes(3, {{0x1234567890abcdef, segment_first(3)}, {7, segment_last(3)}});
  for (std::size_t bit = 0; bit < offsets.size() * 8; ++bit) {
    auto damaged = offsets;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(decode_offsets(3, damaged));
  }
  for (std::size_t bit = 0; bit < keys.size() * 8; ++bit) {
    auto damaged = keys;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(decode_key_hashes(3, damaged));
  }
  for (std::size_t size = 0; size < offsets.size(); ++size) CHECK_FALSE(decode_offsets(3, offsets.substr(0, size)));
  for (std::size_t size = 0; size < keys.size(); ++size) CHECK_FALSE(decode_key_hashes(3, keys.substr(0, size)));
  CHECK_FALSE(decode_offsets(4, offsets));
  CHECK_FALSE(decode_key_hashes(2, keys));
  CHECK(decode_offsets(3, "").error().code == ErrorCode::corrupt);
}

TEST_CASE("offsets outside of the segment, equal or going back are corrupt, checksum or not") {
  const auto at = [](std::uint64_t distance) { return Offset(segment_first(2).value() + distance); };
  CHECK_FALSE(decode_offsets(2, encode_offsets(2, {at(5), at(5)})));
  CHECK_FALSE(decode_offsets(2, encode_offsets(2, {at(5), at(4)})));
  CHECK_FALSE(decode_offsets(2, encode_offsets(2, {segment_last(1)})));
  CHECK_FALSE(decode_offsets(2, encode_offsets(2, {segment_first(3)})));
  CHECK_FALSE(decode_key_hashes(2, encode_key_hashes(2, {{1, at(5)}, {2, at(5)}})));
  CHECK_FALSE(decode_key_hashes(2, encode_key_hashes(2, {{1, segment_first(3)}})));
}

TEST_CASE("a record's checksum covers every field and where it ends") {
  const RecordView record{.offset = Offset(7),
                          .time = {1000},
                          .channel = "/c",
                          .event = "e",
                          .sender = "ab",
                          .client_key = "c",
                          .payload = "1",
                          .attachments = "xy"};
  const auto differs = [&](auto change) {
    auto other = record;
    change(other);
    return record_checksum(other) != record_checksum(record);
  };
  CHECK(differs([](RecordView& r) { r.offset = Offset(8); }));
  CHECK(differs([](RecordView& r) { r.time = {1001}; }));
  CHECK(differs([](RecordView& r) { r.channel = "/d"; }));
  CHECK(differs([](RecordView& r) { r.event = "f"; }));
  CHECK(differs([](RecordView& r) { r.sender = "a", r.client_key = "bc"; }));
  CHECK(differs([](RecordView& r) { r.sender = "ax"; }));
  CHECK(differs([](RecordView& r) { r.client_key = "d"; }));
  CHECK(differs([](RecordView& r) { r.payload = "2"; }));
  CHECK(differs([](RecordView& r) { r.attachments = "xz"; }));
}

}  // namespace tidemark
