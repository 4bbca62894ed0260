#include "src/cli/record_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "protocol/record_json.h"
#include "src/base/attachments.h"
#include "src/base/position.h"
#include "src/base/time_text.h"
#include "src/cli/printable.h"

namespace tidemark::cli {
namespace {

constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kCyan = "\x1b[36m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

constexpr std::string_view kUsualEvent = "chat message";

void append_number(std::string& out, std::uint64_t number) {
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.size());
}

/// For who reads lines: a line break of a stranger's must not forge one.
void append_unbroken(std::string& out, std::string_view text) {
  for (auto at = text.find_first_of("\n\r"); at != std::string_view::npos; at = text.find_first_of("\n\r")) {
    out.append(text.substr(0, at));
    out += text[at] == '\n' ? "\\n" : "\\r";
    text.remove_prefix(at + 1);
  }
  out.append(text);
}

std::size_t count_attachments(std::string_view attachments) {
  std::size_t count = 0;
  while (take_attachment(attachments)) ++count;
  return count;
}

}  // namespace

Result<RecordWriter::Style> style_of(const CommandOptions& options, const Output& output) {
  RecordWriter::Style style{.form = RecordWriter::Form::text,
                            .by_template = {},
                            .coloured = output.is_coloured(),
                            .terminal = output.is_terminal()};
  if (options.output == "json") style.form = RecordWriter::Form::json;
  if (options.output == "raw") style.form = RecordWriter::Form::raw;
  if (options.format.empty()) return style;
  if (options.given("output")) {
    return fail(ErrorCode::invalid_argument, "--format and --output say two things; leave one of them out");
  }
  auto parsed = RecordTemplate::parse(options.format);
  if (!parsed) return fail(parsed.error().code, "--format " + parsed.error().context);
  style.by_template = std::move(*parsed);
  return style;
}

std::string_view RecordWriter::time_of(TimeMs time) {
  if (time != time_) {
    time_ = time;
    time_text_ = time_text(time);
  }
  return time_text_;
}

void RecordWriter::append(std::string& out, const RecordView& record) {
  if (style_.by_template) {
    append_by_template(out, record);
  } else if (style_.form == Form::json) {
    append_shown(out, record, [](std::string& to, const RecordView& of) { append_record_json(to, of); });
  } else if (style_.form == Form::raw) {
    append_shown(out, record, [](std::string& to, const RecordView& of) { to += of.payload; });
  } else {
    append_text(out, record);
  }
  out += '\n';
}

void RecordWriter::append_shown(std::string& out, const RecordView& record, AppendJson append_json) {
  if (!style_.terminal) return append_json(out, record);
  scratch_.clear();
  append_json(scratch_, record);
  append_printable_json(out, scratch_);
}

void RecordWriter::append_text(std::string& out, const RecordView& record) {
  const auto coloured = [&](std::string_view colour, auto&& append_part) {
    if (style_.coloured) out += colour;
    append_part();
    if (style_.coloured) out += kPlain;
    out += "  ";
  };
  coloured(kYellow, [&] { append_number(out, record.offset.value()); });
  coloured(kDim, [&] { out += time_of(record.time); });
  coloured(kCyan, [&] { append_printable(out, record.channel); });
  if (record.event != kUsualEvent) coloured(kDim, [&] { append_printable(out, record.event); });
  coloured(kBold, [&] { append_printable(out, record.sender); });
  append_printable(out, record.payload);
  if (!record.attachments.empty()) {
    const auto count = count_attachments(record.attachments);
    fmt::format_to(std::back_inserter(out), "  [{} binary part{}, {} bytes]", count, count == 1 ? "" : "s",
                   record.attachments.size() - 4 * count);
  }
}

void RecordWriter::append_by_template(std::string& out, const RecordView& record) {
  for (const auto& piece : style_.by_template->pieces()) {
    if (const auto* const text = std::get_if<std::string>(&piece)) {
      out += *text;
    } else {
      scratch_.clear();
      append_field(scratch_, std::get<RecordField>(piece), record);
      style_.terminal ? append_printable(out, scratch_) : append_unbroken(out, scratch_);
    }
  }
}

void RecordWriter::append_field(std::string& out, RecordField field, const RecordView& record) {
  switch (field) {
    case RecordField::offset: return append_number(out, record.offset.value());
    case RecordField::time: out += time_of(record.time); return;
    case RecordField::channel: out += record.channel; return;
    case RecordField::event: out += record.event; return;
    case RecordField::sender: out += record.sender; return;
    case RecordField::key: out += record.client_key; return;
    case RecordField::payload: out += record.payload; return;
    case RecordField::attachments: return append_number(out, count_attachments(record.attachments));
    case RecordField::json: return append_record_json(out, record);
    case RecordField::position: out += Position{epoch_, record.offset}.text(); return;
  }
}

}  // namespace tidemark::cli
