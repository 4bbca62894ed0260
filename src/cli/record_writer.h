// Records as commands print them, a line each: for people (text), for programs (json, raw), or by a template.
//
//   17  2026-11-25T22:00:00.123Z  /  Ann  {"text":"hello"}
//
// One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/epoch.h"
#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/base/record.h"
#include "src/cli/output.h"
#include "src/cli/record_template.h"
#include "src/config/options.h"

namespace tidemark::cli {

class RecordWriter {
 public:
  enum class Form : std::uint8_t { text, json, raw };
  struct Style {
    Form form = Form::text;
    std::optional<RecordTemplate> by_template;  // goes before `form`
    bool coloured = false;                      // text
    bool terminal = false;                      // what strangers wrote is made harmless in every form
  };

  explicit RecordWriter(Style style) : style_(std::move(style)) {}

  /// Of the records to come, for their positions.
  void set_epoch(Epoch epoch) { epoch_ = epoch; }
  void append(std::string& out, const RecordView& record);

 private:
  using AppendJson = FunctionRef<void(std::string&, const RecordView&)>;
  /// As it is, or harmless for a terminal.
  void append_shown(std::string& out, const RecordView& record, AppendJson append_json);
  void append_text(std::string& out, const RecordView& record);
  void append_by_template(std::string& out, const RecordView& record);
  void append_field(std::string& out, RecordField field, const RecordView& record);
  [[nodiscard]] std::string_view time_of(TimeMs time);

  Style style_;
  Epoch epoch_;
  TimeMs time_{-1};  // of which time_text_ is the text: many records share one
  std::string time_text_;
  std::string scratch_;
};

/// What --output and --format ask for. invalid_argument: a template with a mistake, or both.
[[nodiscard]] Result<RecordWriter::Style> style_of(const CommandOptions& options, const Output& output);

}  // namespace tidemark::cli
