#include "src/cli/channels.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "protocol/json/json.h"
#include "src/base/time_text.h"
#include "src/cli/command_end.h"
#include "src/cli/open_log.h"
#include "src/cli/printable.h"
#include "src/cli/progress.h"

namespace tidemark::cli {
namespace {

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text);
  return out;
}

void append_table(std::string& out, const std::vector<ChannelFacts>& channels) {
  std::size_t width = std::string_view("channel").size();
  for (const auto& channel : channels) width = std::max(width, printable(channel.name).size());
  fmt::format_to(std::back_inserter(out), "{:<{}}  {:>12}  {:>12}  {:>12}  {:<24}  {:>10}\n", "channel", width,
                 "records", "first", "last", "last time", "bytes");
  for (const auto& channel : channels) {
    fmt::format_to(std::back_inserter(out), "{:<{}}  {:>12}  {:>12}  {:>12}  {:<24}  {:>10}\n", printable(channel.name),
                   width, grouped(channel.records), channel.first.value(), channel.last.value(),
                   time_text(channel.last_time), size_text(channel.bytes));
  }
}

void append_json(std::string& out, const ChannelFacts& channel) {
  out += R"({"channel":)";
  json::append_string(out, channel.name);
  fmt::format_to(std::back_inserter(out),
                 R"(,"records":{},"bytes":{},"first":{},"last":{},"last_time":"{}"}})"
                 "\n",
                 channel.records, channel.bytes, channel.first.value(), channel.last.value(),
                 time_text(channel.last_time));
}

}  // namespace

int channels(const CommandOptions& options) {
  Output output(STDOUT_FILENO);
  note_interruptions();
  auto reader = open_log(options);
  if (!reader) return complain(reader.error(), exit_status_of(reader.error()));
  const auto found = (*reader)->channels();
  if (!found) return end_with(output, std::unexpected(found.error()));
  if (options.output == "json") {
    std::string lines;
    for (const auto& channel : found->channels) append_json(lines, channel);
    output.is_terminal() ? append_printable_json(output.text(), lines) : void(output.text() += lines);
  } else {
    append_table(output.text(), found->channels);
  }
  const int status = end_with(output, {});
  return found->damage.tell() && status == kExitOk ? kExitFailure : status;
}

}  // namespace tidemark::cli
