#include "src/cli/server_reader.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "protocol/record_json.h"
#include "src/base/command_limits.h"
#include "src/base/time_text.h"
#include "src/cli/interruption.h"
#include "src/cli/json_members.h"

namespace tidemark::cli {
namespace {

constexpr auto goes_on = [] { return !interrupted(); };

std::unexpected<Error> nonsense(const std::string& where) {
  return fail(ErrorCode::io, fmt::format("{} gives an answer that makes no sense; is it a Tidemark server of this "
                                         "version?",
                                         where));
}

std::optional<StoreState> state_in(const JsonMembers& info) {
  const auto epoch = info.text("epoch");
  const auto parsed = epoch ? Epoch::parse(*epoch) : std::nullopt;
  const auto first = info.number("first");
  const auto head = info.number("head");
  if (!parsed || !first || !head) return std::nullopt;
  return StoreState{*parsed, Offset(*first), Offset(*head)};
}

/// Server-Sent Events, line by line (WHATWG HTML, "Interpreting an event stream").
struct Event {
  std::string name, data;

  /// True: an event is complete; clear() before the next line.
  bool take(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return !data.empty();
    const auto colon = std::min(line.find(':'), line.size());
    const auto field = line.substr(0, colon);
    auto value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") name = value;
    if (field == "data") data += value;
    return false;
  }
  void clear() {
    name.clear();
    data.clear();
  }
};

}  // namespace

Result<StoreState> ServerReader::state() {
  const auto body = client_.body_of({.target = "/api/v1/info"}, goes_on);
  if (!body) return std::unexpected(body.error());
  const auto info = JsonMembers::of(*body);
  const auto state = info ? state_in(*info) : std::nullopt;
  if (!state) return nonsense(where());
  return *state;
}

Result<ServerReader::Page> ServerReader::page(OffsetRange range, std::string_view parameters, RecordVisitor visit) {
  Page page;
  Result<void> wrong;
  const auto target = fmt::format("/api/v1/log?after={}&before={}{}", range.first.previous().value(),
                                  range.last.next().value(), parameters);
  const auto done = client_.lines_of(
      {.target = target},
      [&](std::string_view line) {
        if (line.starts_with(R"({"error":)")) {
          const auto said = api_error_in(line);
          wrong = fail(said.code == "damaged" ? ErrorCode::corrupt : ErrorCode::io,
                       fmt::format("{} answers: {}", where(), said.message));
          return false;
        }
        const auto record = parse_record_json(line);
        if (!record) {
          wrong = nonsense(where());
          return false;
        }
        ++page.records;
        page.last = record->offset;
        page.ended = !visit(record->view());
        return !page.ended;
      },
      goes_on);
  if (!wrong) return std::unexpected(wrong.error());
  if (!done) return std::unexpected(done.error());
  if (interrupted()) page.ended = true;
  return page;
}

Result<void> ServerReader::scan(OffsetRange range, std::string_view channel, RecordVisitor visit,
                                DamageVisitor damaged) {
  bool only_channel = !channel.empty();
  std::uint64_t attempts = 0;
  while (!range.empty()) {
    const auto parameters =
        fmt::format("&limit={}{}", limits::kPageRecords,
                    only_channel ? fmt::format("&channel={}", percent_encoded(channel)) : std::string());
    const auto read = page(range, parameters, [&](const RecordView& record) {
      range.first = record.offset.next();
      return visit(record);
    });
    if (read && (read->ended || read->records < limits::kPageRecords)) return {};
    if (read) continue;
    if (read.error().code != ErrorCode::corrupt || ++attempts > limits::kDamagedOffsets) {
      return std::unexpected(read.error());
    }
    // Which one is damaged is told in words only: the one after the last that came. Of one channel alone nobody can
    // tell, so from here on all are read.
    if (std::exchange(only_channel, false)) continue;
    if (!damaged({range.first, range.first}, read.error())) return {};
    range.first = range.first.next();
  }
  return {};
}

Result<Offset> ServerReader::first_not_older(OffsetRange range, TimeMs moment) {
  auto found = range.last.next();
  const auto read =
      page(range, fmt::format("&limit=1&since={}", percent_encoded(time_text(moment))), [&](const RecordView& record) {
        found = record.offset;
        return false;
      });
  if (!read) return std::unexpected(read.error());
  return found;
}

Result<LogFacts> ServerReader::facts() {
  const auto body = client_.body_of({.target = "/api/v1/info"}, goes_on);
  if (!body) return std::unexpected(body.error());
  const auto members = JsonMembers::of(*body);
  if (!members) return nonsense(where());
  const JsonMembers& info = *members;
  const auto state = state_in(info);
  if (!state) return nonsense(where());
  LogFacts facts{.engine = info.text("engine").value_or(""),
                 .state = *state,
                 .records = info.number("records").value_or(0),
                 .bytes_on_disk = info.number("bytes_on_disk").value_or(0),
                 .first_time = info.time("first_time"),
                 .last_time = info.time("head_time"),
                 .server = ServerFacts{}};
  ServerFacts& server = *facts.server;
  server.url = where();
  server.version = info.text("version").value_or("");
  server.connections = info.number("connections").value_or(0);
  server.started = info.time("started");
  server.why_not_writable = info.text("why_not_writable").value_or("");
  for (const auto& failure : info.objects("unreadable")) {
    server.unreadable.push_back(failure.text("error").value_or(""));
  }
  if (const auto since = info.object("since_start")) {
    server.commits = since->number("commits").value_or(0);
    server.records = since->number("records").value_or(0);
    server.bytes = since->number("bytes").value_or(0);
    server.duplicates = since->number("duplicates").value_or(0);
    server.resumed = since->number("resumed").value_or(0);
    server.replayed = since->number("replayed").value_or(0);
    server.fresh = since->number("new").value_or(0);
  }
  return facts;
}

Result<std::vector<ChannelFacts>> ServerReader::channels() {
  const auto body = client_.body_of({.target = "/api/v1/channels"}, goes_on);
  if (!body) return std::unexpected(body.error());
  const auto answer = JsonMembers::of(*body);
  if (!answer) return nonsense(where());
  std::vector<ChannelFacts> found;
  for (const auto& channel : answer->objects("channels")) {
    found.push_back({.name = channel.text("channel").value_or(""),
                     .records = channel.number("records").value_or(0),
                     .bytes = channel.number("bytes").value_or(0),
                     .first = Offset(channel.number("first").value_or(0)),
                     .last = Offset(channel.number("last").value_or(0)),
                     .last_time = channel.time("last_time").value_or(TimeMs())});
  }
  return found;
}

Result<LogPast> ServerReader::past() {
  const auto body = client_.body_of({.target = "/api/v1/info"}, goes_on);
  if (!body) return std::unexpected(body.error());
  const auto members = JsonMembers::of(*body);
  if (!members) return nonsense(where());
  const JsonMembers& info = *members;
  LogPast past;
  for (const auto& hole : info.objects("holes")) {
    const auto from = hole.number("from");
    const auto to = hole.number("to");
    if (!from || !to || *from < 1 || *to < *from) return nonsense(where());
    past.holes.add({Offset(*from), Offset(*to)});
  }
  const auto answered = client_.body_of({.target = "/api/v1/losses"}, goes_on);
  if (!answered) return std::unexpected(answered.error());
  const auto losses = JsonMembers::of(*answered);
  if (!losses) return nonsense(where());
  for (const auto& loss : losses->objects("losses")) {
    const auto channel = loss.text("channel");
    const auto last = loss.number("last");
    if (!channel || !last || *last < 1 || *last > Offset::kMax) return nonsense(where());
    past.losses[*channel] = Offset(*last);
  }
  return past;
}

Result<void> ServerReader::follow(Offset after, std::string_view channel, const FollowVisitors& visit) {
  Result<void> wrong;
  bool ended = false;
  Event event;
  auto target = fmt::format("/api/v1/stream?after={}", after.value());
  if (!channel.empty()) target += fmt::format("&channel={}", percent_encoded(channel));
  constexpr std::array<HttpClient::Field, 1> kAccept = {{{"Accept", "text/event-stream"}}};
  const auto take = [&]() -> bool {
    if (event.name.empty() || event.name == "message") {
      const auto record = parse_record_json(event.data);
      if (record) return visit.record(record->view());
    } else if (event.name == "gap") {
      const auto gap = JsonMembers::of(event.data);
      const auto from = gap ? gap->number("from") : std::nullopt;
      const auto to = gap ? gap->number("to") : std::nullopt;
      if (from && to) return visit.gap({Offset(*from), Offset(*to)}, gap->text("reason").value_or("unknown"));
    } else if (event.name == "unreadable") {
      wrong = fail(ErrorCode::corrupt, fmt::format("{} answers: {}", where(), api_error_in(event.data).message));
      return false;
    } else {
      return true;  // of a newer server, or its greeting
    }
    wrong = nonsense(where());
    return false;
  };
  const auto done = client_.lines_of(
      {.target = target, .fields = kAccept},
      [&](std::string_view line) {
        if (!event.take(line)) return true;
        const bool wanted = take();
        event.clear();
        ended = !wanted;
        return wanted;
      },
      [&] {
        ended = !visit.idle();
        return !ended;
      });
  if (!wrong) return wrong;
  if (!done || ended) return done;
  return fail(ErrorCode::io, fmt::format("the connection broke: {}: it ended the stream", where()));
}

Result<ServerReader::Stored> ServerReader::append(std::string_view channel, std::string_view event,
                                                  std::string_view sender, std::string_view key,
                                                  std::string_view payload) {
  std::vector<HttpClient::Field> fields = {{"Content-Type", "application/json"}};
  if (!key.empty()) fields.emplace_back("Idempotency-Key", key);
  const auto target = fmt::format("/api/v1/channels/{}/records?event={}&sender={}", percent_encoded(channel),
                                  percent_encoded(event), percent_encoded(sender));
  const auto body = client_.body_of({.method = "POST", .target = target, .body = payload, .fields = fields}, goes_on);
  if (!body) return std::unexpected(body.error());
  const auto answer = JsonMembers::of(*body);
  const auto offset = answer ? answer->number("offset") : std::nullopt;
  if (!offset) return nonsense(where());
  return Stored{Offset(*offset), answer->raw("duplicate") == "true"};
}

}  // namespace tidemark::cli
