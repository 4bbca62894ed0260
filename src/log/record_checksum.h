// The checksum kept with every record: CRC-32C over all of its fields. Engines store it beside the record and compare
// it on every read, because no engine notices a flipped byte in a value by itself.
//
// The lengths are part of it, so that a byte moving from one field to its neighbour is noticed too: sender "ab", key
// "c" and sender "a", key "bc" differ.
#pragma once

#include <cstdint>

#include "src/base/record.h"

namespace tidemark {

[[nodiscard]] std::uint32_t record_checksum(const RecordView& record);

}  // namespace tidemark
