#include "protocol/record_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "protocol/base64.h"
#include "protocol/json/json.h"
#include "src/base/attachments.h"
#include "src/base/limits.h"
#include "src/base/time_text.h"

namespace tidemark {
namespace {

constexpr std::string_view kLineBreaks = "\n\r";

void append_attachments(std::string& out, std::string_view attachments) {
  char before = '[';
  while (const auto attachment = take_attachment(attachments)) {
    out += before;
    out += '"';
    base64::append_encoded(out, *attachment);
    out += '"';
    before = ',';
  }
  out += ']';
}

std::unexpected<Error> wrong(std::string_view member, std::string_view expectation) {
  return fail(ErrorCode::invalid_argument, fmt::format("a record's \"{}\" must be {}", member, expectation));
}

/// The members of one record as they stand in its line; empty: not there. Of doubled ones the last counts.
struct Members {
  std::string_view offset, time, channel, event, sender, key, payload, text, attachments;
};

Members members_of(std::string_view valid_object) {
  Members found;
  json::for_each_member(valid_object, [&](std::string_view name, std::string_view value) {
    if (name == "offset") found.offset = value;
    if (name == "time") found.time = value;
    if (name == "channel") found.channel = value;
    if (name == "event") found.event = value;
    if (name == "sender") found.sender = value;
    if (name == "key") found.key = value;
    if (name == "payload") found.payload = value;
    if (name == "text") found.text = value;
    if (name == "attachments") found.attachments = value;
    return true;
  });
  return found;
}

/// A string of so many bytes; empty where it is not there.
Result<std::string> text_of(std::string_view member, std::string_view value, std::size_t bytes_max) {
  if (value.empty()) return std::string();
  const auto text = json::decode_string(value);
  if (!text || text->size() > bytes_max) return wrong(member, fmt::format("a string of at most {} bytes", bytes_max));
  return *text;
}

Result<std::string> attachments_of(std::string_view value) {
  std::string attachments;
  if (value.empty()) return attachments;
  const auto elements = json::split_array(value, 1, limits::kAttachmentsPerEvent);
  const auto expectation = fmt::format("an array of at most {} base64 strings", limits::kAttachmentsPerEvent);
  if (!elements) return wrong("attachments", expectation);
  for (const std::string_view element : *elements) {
    const auto text = json::decode_string(element);
    const auto bytes = text ? base64::decode(*text, base64::Padding::required) : std::nullopt;
    if (!bytes) return wrong("attachments", expectation);
    append_attachment(attachments, *bytes);
  }
  return attachments;
}

Result<std::string> payload_of(const Members& members, std::string_view attachments) {
  if (members.payload.empty()) return wrong("payload", "there");
  std::string payload(members.payload);  // valid and no deeper than it may be: the line is
  if (!members.text.empty()) {
    const auto text = json::decode_string(members.text);
    if (!text) return wrong("text", "a string");
    payload = *text;
    if (!json::is_valid(payload, limits::kJsonDepth)) {
      return wrong("text", fmt::format("JSON, nested {} arrays and objects deep at most", limits::kJsonDepth));
    }
  }
  std::size_t count = 0;
  while (take_attachment(attachments)) ++count;
  // Without attachments nobody looks for placeholders: it is an object like any other.
  if (count > 0 && !json::placeholders_fit(payload, count))
    return wrong("payload", "without placeholders of missing attachments");
  return payload;
}

}  // namespace

void append_record_json(std::string& out, const RecordView& record) {
  const fmt::format_int offset(record.offset.value());
  out += R"({"offset":)";
  out.append(offset.data(), offset.size());
  out += R"(,"time":")";
  out += time_text(record.time);
  out += R"(","channel":)";
  json::append_string(out, record.channel);
  out += R"(,"event":)";
  json::append_string(out, record.event);
  out += R"(,"sender":)";
  json::append_string(out, record.sender);
  if (!record.client_key.empty()) {
    out += R"(,"key":)";
    json::append_string(out, record.client_key);
  }
  out += R"(,"payload":)";
  const auto start = static_cast<std::ptrdiff_t>(out.size());
  out += record.payload;
  // Within a JSON string there are none (RFC 8259 section 7), so that these stand between tokens. Looked for one after
  // the other: most payloads have neither, and looking for one byte is many times faster than for one of two.
  if (std::ranges::any_of(kLineBreaks, [&](char c) { return record.payload.contains(c); })) {
    std::replace_if(
        out.begin() + start, out.end(), [](char c) { return kLineBreaks.contains(c); }, ' ');
    out += R"(,"text":)";
    json::append_string(out, record.payload);
  }
  if (!record.attachments.empty()) {
    out += R"(,"attachments":)";
    append_attachments(out, record.attachments);
  }
  out += '}';
}

Result<Record> parse_record_json(std::string_view line) {
  const bool valid = json::is_utf8(line) && json::is_valid(line, limits::kJsonDepth + 1);
  if (!valid || json::kind_of(line) != json::Kind::object) {
    return fail(ErrorCode::invalid_argument, "a record must be a JSON object in UTF-8");
  }
  const Members members = members_of(line);
  const auto offset = members.offset.empty() ? std::nullopt : json::decode_integer(members.offset);
  if (!offset || *offset < 1) return wrong("offset", "a whole number from 1 to 2^53 - 1");
  const auto time_string = members.time.empty() ? std::nullopt : json::decode_string(members.time);
  const auto time = time_string ? parse_time(*time_string) : std::nullopt;
  if (!time) return wrong("time", "a string such as 2026-11-25T22:00:00.123Z (RFC 3339)");
  auto channel = text_of("channel", members.channel, limits::kChannelNameBytes);
  if (!channel) return std::unexpected(channel.error());
  if (!channel->starts_with('/')) return wrong("channel", "a string that begins with '/'");
  auto event = text_of("event", members.event, limits::kEventNameBytes);
  if (!event) return std::unexpected(event.error());
  if (event->empty()) return wrong("event", "a string that is not empty");
  auto sender = text_of("sender", members.sender, limits::kSenderBytes);
  if (!sender) return std::unexpected(sender.error());
  auto key = text_of("key", members.key, limits::kClientKeyBytes);
  if (!key) return std::unexpected(key.error());
  auto attachments = attachments_of(members.attachments);
  if (!attachments) return std::unexpected(attachments.error());
  auto payload = payload_of(members, *attachments);
  if (!payload) return std::unexpected(payload.error());

  Record record;
  record.offset = Offset(static_cast<std::uint64_t>(*offset));
  record.time = *time;
  record.channel = std::move(*channel);
  record.event = std::move(*event);
  record.sender = std::move(*sender);
  record.client_key = std::move(*key);
  record.payload = std::move(*payload);
  record.attachments = std::move(*attachments);
  return record;
}

}  // namespace tidemark
