// A record as RocksDB's value; its offset is the key.
//
//   crc      4 bytes, little-endian: record_checksum, so the offset is part of it
//   time     8 bytes, little-endian, milliseconds since 1970
//   lengths  of channel, event, sender, client key and attachments, a varint each
//   bytes    channel, event, sender, client key, attachments; the rest is the payload
//
// Names stand in every record instead of an id. Within a block they compress to a few bytes; in return there is no
// dictionary to look up at every read, to roll back when a commit fails, and whose damage would spoil every record.
#pragma once

#include <string>
#include <string_view>

#include "src/base/record.h"

namespace tidemark::rocks {

/// In place of what `value` held.
void encode_record(const RecordView& record, std::string& value);

/// Fills `record`, whose offset is set, with views of `value`. False: it is damaged, the record is worth nothing.
[[nodiscard]] bool decode_record(std::string_view value, RecordView& record);

}  // namespace tidemark::rocks
