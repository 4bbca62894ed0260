#include "src/cli/stats.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iterator>
#include <optional>
#include <string>
#include <thread>

#include "src/base/clock.h"
#include "src/base/command_limits.h"
#include "src/base/time_text.h"
#include "src/cli/command_end.h"
#include "src/cli/open_log.h"
#include "src/cli/progress.h"

namespace tidemark::cli {
namespace {

constexpr std::string_view kHome = "\x1b[H\x1b[J";  // to the top, and nothing below

struct Look {
  LogFacts facts;
  Millis at;
};

std::string per_second(std::uint64_t now, std::uint64_t before, Millis between) {
  if (now < before || between.count() <= 0) return "-";
  return fmt::format("{:.1f}/s", 1000.0 * static_cast<double>(now - before) / static_cast<double>(between.count()));
}

void append_view(std::string& out, const Look& now, const std::optional<Look>& before) {
  const auto line = [&](std::string_view name, std::string_view value, std::string_view rate = {}) {
    fmt::format_to(std::back_inserter(out), "{:<14}{:>16}{}{}\n", name, value, rate.empty() ? "" : "  ", rate);
  };
  const auto rate = [&](std::uint64_t now_value, std::uint64_t before_value) {
    return before ? per_second(now_value, before_value, now.at - before->at) : std::string();
  };
  const auto& facts = now.facts;
  line("head", std::to_string(facts.state.head.value()),
       before ? rate(facts.state.head.value(), before->facts.state.head.value()) : "");
  line("first", std::to_string(facts.state.first.value()));
  line("records", grouped(facts.records));
  line("bytes", size_text(facts.bytes_on_disk));
  if (!facts.server) return;
  const auto& server = *facts.server;
  const bool same = before && before->facts.server && before->facts.server->started == server.started;
  const auto counted = [&](std::string_view name, std::uint64_t ServerFacts::*member) {
    line(name, grouped(server.*member), same ? rate(server.*member, (*before->facts.server).*member) : "");
  };
  line("connections", grouped(server.connections));
  counted("stored", &ServerFacts::records);
  counted("commits", &ServerFacts::commits);
  line("stored bytes", size_text(server.bytes));
  counted("duplicates", &ServerFacts::duplicates);
  counted("resumed", &ServerFacts::resumed);
  counted("replayed", &ServerFacts::replayed);
  counted("new clients", &ServerFacts::fresh);
  if (server.started) line("started", time_text(*server.started));
  if (!server.why_not_writable.empty())
    fmt::format_to(std::back_inserter(out), "not storing: {}\n", server.why_not_writable);
}

Result<void> run(const CommandOptions& options, Output& output) {
  const SystemClock clock;
  std::optional<Look> before;
  for (;;) {
    auto reader = open_log(options);
    if (!reader) return std::unexpected(reader.error());
    auto facts = (*reader)->facts();
    if (!facts) return std::unexpected(facts.error());
    const Look now{std::move(*facts), clock.steady()};
    auto& text = output.text();
    if (options.watch && output.is_terminal()) text += kHome;
    fmt::format_to(std::back_inserter(text), "{}  {}  {}\n", (*reader)->where(), now.facts.engine,
                   now.facts.state.epoch.text());
    append_view(text, now, before);
    if (!options.watch) return {};
    if (!output.is_terminal()) text += '\n';
    reader->reset();  // a directory is free between two looks
    before = now;
    for (Millis waited{}; waited < options.interval; waited += limits::kLookAgain) {
      if (!output.flush() || output.reader_is_gone() || interrupted()) return {};
      std::this_thread::sleep_for(limits::kLookAgain);
    }
  }
}

}  // namespace

int stats(const CommandOptions& options) {
  Output output(STDOUT_FILENO);
  note_interruptions();
  return end_with(output, run(options, output));
}

}  // namespace tidemark::cli
