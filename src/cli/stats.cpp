#include "src/cli/stats.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "protocol/json/json.h"
#include "src/base/clock.h"
#include "src/base/command_limits.h"
#include "src/base/time_text.h"
#include "src/cli/command_end.h"
#include "src/cli/live_screen.h"
#include "src/cli/open_log.h"
#include "src/cli/progress.h"

namespace tidemark::cli {
namespace {

struct Look {
  std::string where;
  LogFacts facts;
  TimeMs time;
  Millis at;
};

Result<Look> look(const CommandOptions& options, const std::function<bool()>& waits) {
  const SystemClock clock;
  auto reader = open_log(options, waits);  // which a directory is rid of between two looks
  if (!reader) return std::unexpected(reader.error());
  auto facts = (*reader)->facts();
  if (!facts) return std::unexpected(facts.error());
  return Look{(*reader)->where(), std::move(*facts), clock.wall(), clock.steady()};
}

/// One number of a look: how people and programs call it, and whether its growth is of interest.
struct Row {
  std::string_view name, json_name;
  std::uint64_t value = 0;
  bool is_size = false;
  std::optional<std::uint64_t> before{};
};

/// Those of the log, then those of its server.
std::vector<Row> rows_of(const Look& now, const std::optional<Look>& before) {
  const auto& facts = now.facts;
  std::vector<Row> rows;
  rows.push_back({.name = "head", .json_name = "head", .value = facts.state.head.value()});
  if (before) rows.back().before = before->facts.state.head.value();
  rows.push_back({.name = "first", .json_name = "first", .value = facts.state.first.value()});
  rows.push_back({.name = "records", .json_name = "records", .value = facts.records});
  rows.push_back({.name = "bytes", .json_name = "bytes", .value = facts.bytes_on_disk, .is_size = true});
  if (!facts.server) return rows;
  const auto& server = *facts.server;
  const bool same = before && before->facts.server && before->facts.server->started == server.started;
  const auto counted = [&](std::string_view name, std::string_view json_name, std::uint64_t ServerFacts::*member) {
    rows.push_back({.name = name, .json_name = json_name, .value = server.*member});
    if (same) rows.back().before = (*before->facts.server).*member;
  };
  rows.push_back({.name = "connections", .json_name = "connections", .value = server.connections});
  counted("stored", "stored", &ServerFacts::records);
  counted("commits", "commits", &ServerFacts::commits);
  rows.push_back({.name = "stored bytes", .json_name = "stored_bytes", .value = server.bytes, .is_size = true});
  counted("duplicates", "duplicates", &ServerFacts::duplicates);
  counted("resumed", "resumed", &ServerFacts::resumed);
  counted("replayed", "replayed", &ServerFacts::replayed);
  counted("new clients", "new_clients", &ServerFacts::fresh);
  return rows;
}

/// Nothing where it cannot be told.
std::optional<double> per_second(const Row& row, Millis between) {
  if (!row.before || row.value < *row.before || between.count() <= 0) return std::nullopt;
  return 1000.0 * static_cast<double>(row.value - *row.before) / static_cast<double>(between.count());
}

void append_view(std::string& out, const Look& now, const std::optional<Look>& before) {
  const auto end = std::back_inserter(out);
  fmt::format_to(end, "{}{}  {}  {}\n", now.where, now.facts.server ? "" : " (no server)", now.facts.engine,
                 now.facts.state.epoch.text());
  for (const Row& row : rows_of(now, before)) {
    const bool plain = row.name == "head" || row.name == "first";
    const auto value = row.is_size ? size_text(row.value) : plain ? std::to_string(row.value) : grouped(row.value);
    fmt::format_to(end, "{:<14}{:>16}", row.name, value);
    const auto rate = before ? per_second(row, now.at - before->at) : std::nullopt;
    if (rate) fmt::format_to(end, "  {:.1f}/s", *rate);
    out += '\n';
  }
  if (!now.facts.server) return;
  const auto& server = *now.facts.server;
  if (server.started) fmt::format_to(end, "{:<14}{:>16}\n", "started", time_text(*server.started));
  if (!server.why_not_writable.empty()) fmt::format_to(end, "not storing: {}\n", server.why_not_writable);
}

void append_json(std::string& out, const Look& now, const std::optional<Look>& before) {
  const auto end = std::back_inserter(out);
  fmt::format_to(end, R"({{"time":"{}","log":)", time_text(now.time));
  json::append_string(out, now.where);
  fmt::format_to(end, R"(,"engine":"{}","epoch":"{}")", now.facts.engine, now.facts.state.epoch.text());
  std::string rates;
  for (const Row& row : rows_of(now, before)) {
    fmt::format_to(end, R"(,"{}":{})", row.json_name, row.value);
    const auto rate = before ? per_second(row, now.at - before->at) : std::nullopt;
    if (rate)
      fmt::format_to(std::back_inserter(rates), R"({}"{}":{:.1f})", rates.empty() ? "" : ",", row.json_name, *rate);
  }
  if (now.facts.server) {
    const auto& server = *now.facts.server;
    if (server.started) fmt::format_to(end, R"(,"started":"{}")", time_text(*server.started));
    if (!server.why_not_writable.empty()) {
      out += R"(,"why_not_writable":)";
      json::append_string(out, server.why_not_writable);
    }
  }
  if (!rates.empty()) fmt::format_to(end, R"(,"per_second":{{{}}})", rates);
  out += "}\n";
}

/// `last`: the look that was answered, if one was.
void append_missed(std::string& out, const std::optional<Look>& last, std::string_view why) {
  if (!last) {
    fmt::format_to(std::back_inserter(out), "no answer yet: {}\n", why);
    return;
  }
  fmt::format_to(std::back_inserter(out), "no answer since {}: {}\n", time_text(last->time), why);
  append_view(out, *last, {});
}

void append_missed_json(std::string& out, std::string_view why) {
  fmt::format_to(std::back_inserter(out), R"({{"time":"{}","error":)", time_text(SystemClock().wall()));
  json::append_string(out, why);
  out += "}\n";
}

Result<void> run(const CommandOptions& options, Output& output) {
  const bool as_json = options.output == "json";
  const SystemClock clock;
  LiveScreen screen(output, options.watch && !as_json);
  std::optional<Look> before;
  bool quits = false;
  Millis asked{};
  // Of a screen: its user can end it while a server is silent, and sees that it is.
  std::function<bool()> waits;
  if (screen.on()) {
    waits = [&, told = Millis(-1)]() mutable {
      if (told != asked && clock.steady() - asked >= limits::kSilenceUntold) {
        told = asked;
        screen.begin_view();
        append_missed(output.text(), before, "it is silent");
        screen.end_view();
      }
      quits = quits || screen.quits() || !output.flush();
      return !quits && !interrupted();
    };
  }
  for (;;) {
    asked = clock.steady();
    auto now = look(options, waits);
    if (quits) return {};
    // Who watches a server wants to see that it is gone, and when it is back.
    if (!now && (!before || interrupted())) return std::unexpected(now.error());
    auto& text = output.text();
    screen.begin_view();
    if (now) {
      as_json ? append_json(text, *now, before) : append_view(text, *now, before);
    } else {
      const auto& why = now.error().context;
      as_json ? append_missed_json(text, why) : append_missed(text, before, why);
    }
    screen.end_view();
    if (!options.watch) return {};
    if (!screen.on() && !as_json) text += '\n';
    if (now) before = std::move(*now);
    for (Millis waited{}; waited < options.interval; waited += limits::kLookAgain) {
      if (!output.flush() || output.reader_is_gone() || interrupted() || screen.quits()) return {};
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
