#include "src/cli/get.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iterator>
#include <optional>
#include <string>

#include "src/base/attachments.h"
#include "src/base/position.h"
#include "src/base/time_text.h"
#include "src/cli/command_end.h"
#include "src/cli/damage_report.h"
#include "src/cli/open_log.h"
#include "src/cli/printable.h"
#include "src/cli/record_writer.h"
#include "src/config/value_text.h"

namespace tidemark::cli {
namespace {

void append_detail(std::string& out, const Record& record, Epoch epoch) {
  const auto line = [&](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(out), "{:<10}", name);
    append_printable(out, value);
    out += '\n';
  };
  line("offset", std::to_string(record.offset.value()));
  line("position", Position{epoch, record.offset}.text());
  line("time", time_text(record.time));
  line("channel", record.channel);
  line("event", record.event);
  line("sender", record.sender);
  line("key", record.client_key.empty() ? "none" : record.client_key);
  line("payload", record.payload);
  std::string_view rest = record.attachments;
  for (int number = 0; const auto part = take_attachment(rest); ++number) {
    line(fmt::format("part {}", number), fmt::format("{} bytes", part->size()));
  }
}

/// Why there is none.
Error missing(LogReader& reader, Offset offset, const StoreState& state) {
  if (offset > state.head) {
    return {ErrorCode::not_found, fmt::format("there is no record at offset {} in {}: the newest is {}", offset.value(),
                                              reader.where(), state.head.value())};
  }
  if (offset < state.first) {
    return {ErrorCode::not_found, fmt::format("the record at offset {} is trimmed: the log in {} begins at {}",
                                              offset.value(), reader.where(), state.first.value())};
  }
  return {ErrorCode::not_found, hole_text({offset, offset})};
}

Result<void> run(const CommandOptions& options, Output& output, RecordWriter writer) {
  const Offset offset(*parse_number(options.arguments.front()));
  auto reader = open_log(options);
  if (!reader) return std::unexpected(reader.error());
  const auto state = (*reader)->state();
  if (!state) return std::unexpected(state.error());
  if (auto newest = (*reader)->check_newest(); !newest && offset > state->head) return newest;
  if (offset < state->first || offset > state->head) return std::unexpected(missing(**reader, offset, *state));
  std::optional<Record> found;
  std::optional<Error> damage;
  const auto scanned = (*reader)->scan(
      {offset, offset}, {},
      [&](const RecordView& record) {
        found.emplace(record);
        return false;
      },
      [&](OffsetRange, const Error& error) {
        damage = error;
        return false;
      });
  if (!scanned) return scanned;
  if (damage) return std::unexpected(*damage);
  if (!found) return std::unexpected(missing(**reader, offset, *state));
  writer.set_epoch(state->epoch);
  if (options.output == "text" && options.format.empty()) {
    append_detail(output.text(), *found, state->epoch);
  } else {
    writer.append(output.text(), found->view());
  }
  return {};
}

}  // namespace

int get(const CommandOptions& options) {
  Output output(STDOUT_FILENO);
  auto style = style_of(options, output);
  if (!style) return complain(style.error(), kExitUsage);
  note_interruptions();
  return end_with(output, run(options, output, RecordWriter(std::move(*style))));
}

}  // namespace tidemark::cli
