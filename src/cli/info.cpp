#include "src/cli/info.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>

#include "protocol/json/json.h"
#include "src/base/clock.h"
#include "src/base/time_text.h"
#include "src/cli/command_end.h"
#include "src/cli/open_log.h"
#include "src/cli/progress.h"
#include "src/log/index_segment.h"

namespace tidemark::cli {
namespace {

struct Span {
  std::string_view name;
  Millis length;
};
constexpr std::array kSpans = {Span{"minute", std::chrono::minutes(1)}, Span{"hour", std::chrono::hours(1)},
                               Span{"day", std::chrono::hours(24)}};

struct Info {
  LogFacts facts;
  std::size_t channels = 0;
  DamageReport damage;
  std::uint64_t segments = 0;
  /// Records of the last minute, hour, day; none: damage hides how many.
  std::array<std::optional<std::uint64_t>, kSpans.size()> recent{0, 0, 0};
};

std::string_view durability(std::string_view engine) {
  if (engine == "sqlite") return "every commit is flushed (WAL, synchronous=FULL)";
  if (engine == "rocksdb") return "every commit is flushed (synced write-ahead log)";
  return "none: nothing outlives the process";
}

/// How many records of the log are not older than `moment`. A damaged one is taken for young where they are searched, so the
/// oldest of them has to tell its time itself.
Result<std::optional<std::uint64_t>> count_since(LogReader& reader, const Holes& holes, OffsetRange range,
                                                 TimeMs moment) {
  const auto from = reader.first_not_older(range, moment);
  if (!from && from.error().code == ErrorCode::corrupt) return std::nullopt;
  if (!from) return std::unexpected(from.error());
  const auto young = holes.rest_of({*from, range.last});
  if (young.empty()) return 0;
  const Offset oldest = young.front().first;
  bool tells = false;
  const auto scanned = reader.scan(
      {oldest, oldest}, {},
      [&](const RecordView& record) {
        tells = record.time >= moment;
        return false;
      },
      [](OffsetRange, const Error&) { return false; });
  if (!scanned) return std::unexpected(scanned.error());
  return tells ? std::optional(holes.records_in({oldest, range.last})) : std::nullopt;
}

Result<Info> collect(LogReader& reader) {
  Info info;
  auto facts = reader.facts();
  if (!facts) return std::unexpected(facts.error());
  info.facts = std::move(*facts);
  auto channels = reader.channels();
  if (!channels) return std::unexpected(channels.error());
  info.channels = channels->channels.size();
  info.damage = std::move(channels->damage);
  const auto& state = info.facts.state;
  if (state.epoch == Epoch()) info.damage.add("the epoch of the log cannot be read");
  // Segments that are finished, and not trimmed as a whole.
  if (state.head > Offset()) info.segments = segment_of(state.head.next()) - segment_of(state.first);
  const auto now = SystemClock().wall();
  const auto holes = reader.holes();
  if (!holes) return std::unexpected(holes.error());
  for (std::size_t i = 0; i < kSpans.size() && state.first <= state.head; ++i) {
    const auto counted = count_since(reader, *holes, {state.first, state.head}, {now.value - kSpans[i].length.count()});
    if (!counted) return std::unexpected(counted.error());
    info.recent[i] = *counted;
  }
  return info;
}

std::string moment(const std::optional<TimeMs>& time) { return time ? time_text(*time) : std::string("unknown"); }

void append_text(std::string& out, const Info& info, const std::string& where) {
  const auto line = [&](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(out), "{:<10}{}\n", name, value);
  };
  const auto& [engine, state, records, bytes, first_time, last_time, server] = info.facts;
  line("log", where);
  line("server", server ? fmt::format("{} (version {}, {})", server->url, server->version,
                                      counted(server->connections, "connection"))
                        : "none uses it");
  line("engine", engine);
  line("durable", durability(engine));
  line("epoch", state.epoch.text());
  line("first", state.first > state.head ? std::string("no record is kept")
                                         : fmt::format("{} at {}", state.first.value(), moment(first_time)));
  line("head", state.first > state.head ? fmt::format("{}", state.head.value())
                                        : fmt::format("{} at {}", state.head.value(), moment(last_time)));
  line("records", grouped(records));
  line("bytes", size_text(bytes));
  line("channels", grouped(info.channels));
  line("segments", grouped(info.segments));
  for (std::size_t i = 0; i < kSpans.size(); ++i) {
    line(i == 0 ? "rate" : "",
         fmt::format("{} in the last {}", info.recent[i] ? grouped(*info.recent[i]) : std::string("unknown"),
                     kSpans[i].name));
  }
  if (server) {
    for (const std::string& sentence : server->unreadable) line("damage", sentence);
  }
  if (server && !server->why_not_writable.empty())
    line("storing", fmt::format("not now: {}", server->why_not_writable));
}

void append_json(std::string& out, const Info& info, const std::string& where) {
  const auto& [engine, state, records, bytes, first_time, last_time, server] = info.facts;
  const auto text = [&](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(out), R"(,"{}":)", name);
    json::append_string(out, value);
  };
  out += R"({"log":)";
  json::append_string(out, where);
  text("engine", engine);
  text("durable", durability(engine));
  fmt::format_to(std::back_inserter(out),
                 R"(,"epoch":"{}","first":{},"head":{},"records":{},"bytes":{},"channels":{},"segments":{})",
                 state.epoch.text(), state.first.value(), state.head.value(), records, bytes, info.channels,
                 info.segments);
  if (first_time) fmt::format_to(std::back_inserter(out), R"(,"first_time":"{}")", time_text(*first_time));
  if (last_time) fmt::format_to(std::back_inserter(out), R"(,"head_time":"{}")", time_text(*last_time));
  for (std::size_t i = 0; i < kSpans.size(); ++i) {
    const auto& recent = info.recent[i];
    if (recent) fmt::format_to(std::back_inserter(out), R"(,"records_last_{}":{})", kSpans[i].name, *recent);
  }
  if (server) {
    text("server", server->url);
    text("version", server->version);
    fmt::format_to(std::back_inserter(out), R"(,"connections":{})", server->connections);
    out += R"(,"unreadable":[)";
    for (std::size_t i = 0; i < server->unreadable.size(); ++i) {
      if (i > 0) out += ',';
      json::append_string(out, server->unreadable[i]);
    }
    out += ']';
    if (!server->why_not_writable.empty()) text("why_not_writable", server->why_not_writable);
  }
  out += "}\n";
}

}  // namespace

int info(const CommandOptions& options) {
  Output output(STDOUT_FILENO);
  note_interruptions();
  auto reader = open_log(options);
  if (!reader) return complain(reader.error(), exit_status_of(reader.error()));
  const auto info = collect(**reader);
  if (!info) return end_with(output, std::unexpected(info.error()));
  if (options.output == "json") {
    append_json(output.text(), *info, (*reader)->where());
  } else {
    append_text(output.text(), *info, (*reader)->where());
  }
  const int status = end_with(output, {});
  return info->damage.tell() && status == kExitOk ? kExitFailure : status;
}

}  // namespace tidemark::cli
