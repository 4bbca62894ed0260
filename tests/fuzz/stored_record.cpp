// What the log reads back from its store: index segments and attachments. Damage is noticed, whatever it is.
#include <string>
#include <vector>

#include "src/base/attachments.h"
#include "src/base/crc32c.h"
#include "src/log/index_segment.h"
#include "src/log/record_checksum.h"
#include "tests/fuzz/fuzz.h"

namespace tidemark {
namespace {

constexpr std::uint64_t kSegment = 3;

/// What carries a right checksum and is decoded must be what encoding makes.
void check_offsets(std::string_view bytes) {
  const auto offsets = decode_offsets(kSegment, bytes);
  if (!offsets) return;
  Offset before = segment_first(kSegment).previous();
  for (const Offset offset : *offsets) {
    FUZZ_CHECK(offset > before && offset <= segment_last(kSegment));
    before = offset;
  }
  FUZZ_CHECK(encode_offsets(kSegment, *offsets) == bytes);
}

void check_key_hashes(std::string_view bytes) {
  const auto hashes = decode_key_hashes(kSegment, bytes);
  if (!hashes) return;
  for (const auto& one : *hashes) FUZZ_CHECK(segment_of(one.offset) == kSegment);
  FUZZ_CHECK(encode_key_hashes(kSegment, *hashes) == bytes);
}

/// As encoding seals it (index_segment.cpp): a fuzzer would hardly find the right sum by itself.
std::string with_checksum(std::string_view bytes) {
  std::string out(bytes);
  const auto put = [](std::string& to, std::uint64_t value, int size) {
    for (int shift = 0; shift < 8 * size; shift += 8) to += static_cast<char>((value >> shift) & 0xff);
  };
  std::string number;
  put(number, kSegment, 8);
  put(out, crc32c(crc32c(0, number), bytes), 4);
  return out;
}

void check_damage(fuzz::Input& input) {
  std::vector<Offset> offsets;
  Offset at = segment_first(kSegment).previous();
  for (int count = input.byte(); count > 0; --count) {
    at = Offset(at.value() + 1 + input.byte());
    if (at > segment_last(kSegment)) break;
    offsets.push_back(at);
  }
  std::string bytes = encode_offsets(kSegment, offsets);
  const auto decoded = decode_offsets(kSegment, bytes);
  FUZZ_CHECK(decoded && *decoded == offsets);
  const auto where = input.byte() % bytes.size();
  bytes[where] = static_cast<char>(bytes[where] ^ (1 << (input.byte() % 8)));
  FUZZ_CHECK(!decode_offsets(kSegment, bytes));
}

void check_record(fuzz::Input& input) {
  RecordView record;
  record.offset = Offset(input.number() & Offset::kMax);
  record.channel = input.piece();
  record.payload = input.piece();
  record.attachments = input.rest();
  const auto sum = record_checksum(record);
  FUZZ_CHECK(record_checksum(record) == sum);
  record.offset = Offset(record.offset.value() ^ 1);
  FUZZ_CHECK(record_checksum(record) != sum);  // a CRC notices one flipped bit always
}

}  // namespace
}  // namespace tidemark

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  fuzz::Input input(data, size);
  const std::string_view bytes = input.rest();
  check_offsets(bytes);
  check_key_hashes(bytes);
  check_offsets(with_checksum(bytes));
  check_key_hashes(with_checksum(bytes));
  std::string again;
  std::string_view rest = bytes;
  while (const auto attachment = take_attachment(rest)) append_attachment(again, *attachment);
  FUZZ_CHECK(bytes.starts_with(again));
  check_damage(input);
  check_record(input);
  return 0;
}
