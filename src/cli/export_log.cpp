#include "src/cli/export_log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/record_json.h"
#include "src/base/clock.h"
#include "src/base/command_limits.h"
#include "src/cli/command_end.h"
#include "src/cli/elapsed.h"
#include "src/cli/export_file.h"
#include "src/cli/new_file.h"
#include "src/cli/open_log.h"
#include "src/cli/printable.h"
#include "src/cli/progress.h"
#include "src/log/scan_ahead.h"

namespace tidemark::cli {
namespace {

/// A terminal gets it harmless; as JSON it is the same.
void append_line(Output& output, std::string_view line, std::uint64_t& bytes) {
  bytes += line.size();
  output.is_terminal() ? append_printable_json(output.text(), line) : void(output.text() += line);
}

Result<RecordDigest> write_records(LogReader& reader, const LogOutline& outline, Output& output, std::uint64_t& bytes) {
  RecordDigest digest;
  Result<void> wrong;
  Completeness completeness(reader, outline);
  std::string line;
  Progress progress("exporting");
  const OffsetRange range{outline.state.first, outline.state.head};
  const auto scanned =
      scan_ahead([&](RecordVisitor visit, DamageVisitor damaged) { return reader.scan(range, {}, visit, damaged); },
                 [&](const RecordView& record) {
                   wrong = completeness.reach(record.offset);
                   if (!wrong) return false;
                   digest.add(record);
                   line.clear();
                   append_record_json(line, record);
                   line += '\n';
                   append_line(output, line, bytes);
                   if (digest.records() % limits::kRecordsBetweenLooks == 0) {
                     progress.update(record.offset.value() - range.first.value(), range.size());
                     if (interrupted()) return false;
                   }
                   return output.settle();
                 },
                 [&](OffsetRange, const Error& error) {
                   wrong = std::unexpected(error);
                   return false;
                 });
  if (!scanned) return std::unexpected(scanned.error());
  if (wrong && !interrupted() && output.flush()) wrong = completeness.reach(range.last.next());
  if (!wrong) return std::unexpected(wrong.error());
  return digest;
}

Result<void> run(const CommandOptions& options, Output& output, NewFile* file) {
  const auto started = std::chrono::steady_clock::now();
  auto reader = open_log(options);
  if (!reader) return std::unexpected(reader.error());
  const auto outline = outline_of(**reader);
  if (!outline) return std::unexpected(outline.error());
  const auto facts = (*reader)->facts();
  if (!facts) return std::unexpected(facts.error());
  std::uint64_t bytes = 0;
  const auto header = export_header(*outline, facts->engine, SystemClock().wall());
  append_line(output, header, bytes);
  const auto digest = write_records(**reader, *outline, output, bytes);
  if (!digest) return std::unexpected(digest.error());
  // Without its last line it is not whole, and import refuses it.
  if (interrupted() || !output.flush()) return {};
  append_line(output, export_end(*digest, header), bytes);
  if (!output.flush()) return {};
  if (file != nullptr) {
    if (auto finished = file->finish(); !finished) return finished;
  }
  fmt::print(stderr, "tidemark: exported {}, epoch {}, {}{} in {}\n", counted(digest->records(), "record"),
             outline->state.epoch.text(), file == nullptr ? "" : fmt::format("into {}, ", options.arguments.front()),
             size_text(bytes), time_since(started));
  return {};
}

}  // namespace

int export_log(const CommandOptions& options) {
  note_interruptions();
  if (options.arguments.empty() || options.arguments.front() == "-") {
    Output output(STDOUT_FILENO);
    return end_with(output, run(options, output, nullptr));
  }
  auto file = NewFile::open(options.arguments.front(), options.force);
  if (!file) return complain(file.error(), kExitFailure);
  Output output(file->descriptor());
  return end_with(output, run(options, output, &*file));
}

}  // namespace tidemark::cli
