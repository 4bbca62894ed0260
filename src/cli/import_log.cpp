#include "src/cli/import_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "protocol/record_json.h"
#include "src/base/channel_name.h"
#include "src/base/command_limits.h"
#include "src/base/journal.h"
#include "src/cli/command_end.h"
#include "src/cli/elapsed.h"
#include "src/cli/export_file.h"
#include "src/cli/input_lines.h"
#include "src/cli/interruption.h"
#include "src/cli/log_copy.h"
#include "src/cli/progress.h"

namespace tidemark::cli {
namespace {

/// A file that cannot be imported is no mistake in the arguments.
ErrorCode code_of(const Error& error) {
  return error.code == ErrorCode::invalid_argument ? ErrorCode::corrupt : error.code;
}

/// An error about the line that was read last.
std::unexpected<Error> at_line(const InputLines& lines, const Error& error) {
  return fail(code_of(error),
              fmt::format("{}:{}: {}; nothing was changed", lines.name(), lines.number(), error.context));
}

Result<RecordDigest> read_records(InputLines& lines, std::string_view header, LogBuilder& into) {
  RecordDigest digest;
  Progress progress("importing", "bytes");
  for (;;) {
    const auto line = lines.next();
    if (!line) return std::unexpected(line.error());
    if (!*line) {
      return fail(ErrorCode::corrupt,
                  fmt::format("{} ends in the middle: an export has a last line {{\"end\":...}}; nothing was changed",
                              lines.name()));
    }
    if (const auto end = check_export_end(**line, digest, header)) {
      if (!*end) return at_line(lines, end->error());
      auto behind = lines.next();
      while (behind && *behind && (*behind)->empty()) behind = lines.next();
      if (!behind) return std::unexpected(behind.error());
      if (!*behind) return digest;
      return at_line(lines, {ErrorCode::corrupt, "there is more behind the last line of the export"});
    }
    const auto record = parse_record_json(**line);
    if (!record) return at_line(lines, record.error());
    // No server could give it to anybody.
    if (!is_channel_name(record->channel)) {
      return at_line(lines, {ErrorCode::corrupt, fmt::format("its \"channel\" is not {}", kChannelNameRule)});
    }
    if (auto added = into.add(record->view()); !added) return at_line(lines, added.error());
    digest.add(record->view());
    if (digest.records() % limits::kRecordsBetweenLooks != 0) continue;
    progress.update(lines.bytes_read(), std::max(lines.bytes_total(), lines.bytes_read()));
    if (interrupted()) return stopped_early();
  }
}

Result<void> run(const CommandOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  auto lines = InputLines::open(options.arguments.empty() ? "-" : options.arguments.front());
  if (!lines) return std::unexpected(lines.error());
  auto directory = NewDirectory::begin(options.data);
  if (!directory) return std::unexpected(directory.error());
  const auto first = lines->next();
  if (!first) return std::unexpected(first.error());
  const std::string header(first->value_or(""));
  auto outline = parse_export_header(header);
  if (!outline) return fail(code_of(outline.error()), fmt::format("{} {}", lines->name(), outline.error().context));
  if (options.new_epoch) outline = as_another_log(std::move(*outline));

  auto builder = builder_in(*directory, options.backend, *outline);
  if (auto begun = builder.begin(); !begun) return begun;
  const auto digest = read_records(*lines, header, builder);
  if (!digest) return std::unexpected(digest.error());
  if (auto finished = builder.finish(); !finished) return finished;
  if (auto proved = prove(*directory, options.backend, *outline, *digest); !proved) return proved;
  if (auto placed = directory->put_in_place(); !placed) return placed;
  fmt::print("imported {}, epoch {}, into {} ({}), {} in {}\n", counted(digest->records(), "record"),
             outline->state.epoch.text(), options.data.string(), options.backend, size_text(lines->bytes_read()),
             time_since(started));
  return {};
}

}  // namespace

int import_log(const CommandOptions& options) {
  journal::set_level(journal::Level::error);  // what a server would note while it opens a log
  note_interruptions();
  return end_quietly(about_the_copy(run(options), options.data));
}

}  // namespace tidemark::cli
