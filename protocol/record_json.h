// The one JSON form of a record: what the HTTP API answers, the stream sends and the commands print, export and import.
// One line, without a line break inside, so that records can stand one per line (application/x-ndjson) and in an event's
// data field:
//
//   {"offset":17,"time":"2026-11-25T22:00:00.123Z","channel":"/","event":"chat message","sender":"Ann","key":"k1",
//    "payload":{"text":"hello"}}                                                           (broken here only)
//
//   key          the client key; not there if none was given
//   payload      the payload's own bytes: number spelling, key order and escapes as they were sent
//   attachments  ["base64", ...], which the payload's placeholders number from 0; not there without any
//   text         only where the payload was sent with line breaks between its tokens, which become blanks in `payload`:
//                the payload's exact text, as a string
//
// Nothing is lost: what append_record_json wrote, parse_record_json reads back byte for byte. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "src/base/error.h"
#include "src/base/record.h"

namespace tidemark {

/// Appends the record, without a line end. Precondition: its payload is valid JSON and its other texts are UTF-8, as all
/// of a log are.
void append_record_json(std::string& out, const RecordView& record);

/// Reads one such line; its members may come in any order, blanks around tokens do not matter and members of other names
/// are ignored. Needed are offset, time, channel, event and payload. Error: invalid_argument, a sentence that names the
/// member; lengths (limits.h), the payload's depth and its placeholders are checked as those of a message.
[[nodiscard]] Result<Record> parse_record_json(std::string_view line);

}  // namespace tidemark
