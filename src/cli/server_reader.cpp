#include "src/cli/server_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/record_json.h"
#include "src/base/command_limits.h"
#include "src/base/time_text.h"
#include "src/cli/event_lines.h"
#include "src/cli/interruption.h"
#include "src/cli/json_members.h"
#include "src/cli/server_answers.h"
#include "src/config/value_text.h"

namespace tidemark::cli {

ServerReader::ServerReader(ServerUrl url, std::string token, std::function<bool()> waits)
    : client_(std::move(url), std::move(token)), goes_on_(waits ? waits : [] { return !interrupted(); }) {
  if (waits) client_.wait_untold();
}

template <class T>
Result<T> ServerReader::ask(std::string_view target, std::optional<T> (*read)(const JsonMembers&)) {
  const auto body = client_.body_of({.target = std::string(target)}, goes_on_);
  if (!body) return std::unexpected(body.error());
  const auto answer = JsonMembers::of(*body);
  auto found = answer ? read(*answer) : std::nullopt;
  if (!found) return client_.nonsense();
  return std::move(*found);
}

Result<StoreState> ServerReader::state() { return ask("/api/v1/info", state_in); }

std::unexpected<Error> ServerReader::unreadable(std::string_view error) const {
  const auto said = api_error_in(error);
  // Everything but damage passes: a read that failed, a log that is trimmed faster than it is read.
  return fail(said.code == "damaged" ? ErrorCode::corrupt : ErrorCode::io,
              fmt::format("{} answers: {}", where(), said.message), said.record);
}

Result<ServerReader::Page> ServerReader::page(OffsetRange range, std::string_view parameters,
                                              FunctionRef<bool(Offset first)> begin, RecordVisitor visit) {
  Page page;
  bool begun = false;
  const auto begins = [&] {
    if (std::exchange(begun, true)) return true;
    const auto first = parse_number(client_.field("Tidemark-First"));
    page.ended = first && !begin(Offset(*first));
    return !page.ended;
  };
  Result<void> wrong;
  const auto target = fmt::format("/api/v1/log?after={}&before={}{}", range.first.previous().value(),
                                  range.last.next().value(), parameters);
  const auto done = client_.lines_of(
      {.target = target},
      [&](std::string_view line) {
        if (!begins()) return false;
        if (line.starts_with(R"({"error":)")) {
          wrong = unreadable(line);
          return false;
        }
        const auto record = parse_record_json(line);
        if (!record) {
          wrong = client_.nonsense();
          return false;
        }
        ++page.records;
        page.last = record->offset;
        page.ended = !visit(record->view());
        return !page.ended;
      },
      goes_on_);
  if (!wrong) return std::unexpected(wrong.error());
  if (!done) return std::unexpected(done.error());
  if (interrupted() || !begins()) page.ended = true;
  return page;
}

Result<void> ServerReader::scan(OffsetRange range, std::string_view channel, RecordVisitor visit,
                                DamageVisitor damaged) {
  const bool only_channel = !channel.empty();
  std::uint64_t attempts = 0;
  std::optional<Holes> known;  // asked for once something is missing
  const auto rest_of = [&](OffsetRange missing) -> Result<std::vector<OffsetRange>> {
    if (!known) {
      auto asked = holes();
      if (!asked) return std::unexpected(asked.error());
      known = std::move(*asked);
    }
    return known->rest_of(missing);
  };
  const auto is_trimmed = [&](OffsetRange gone) {
    return damaged(gone, {ErrorCode::not_found, fmt::format("offsets {} to {} were trimmed meanwhile",
                                                            gone.first.value(), gone.last.value())});
  };
  while (!range.empty()) {
    const auto parameters =
        fmt::format("&limit={}{}", limits::kPageRecords,
                    only_channel ? fmt::format("&channel={}", percent_encoded(channel)) : std::string());
    std::vector<OffsetRange> missing;
    const auto read = page(
        range, parameters,
        [&](Offset first) {
          if (first <= range.first) return true;
          const OffsetRange gone{range.first, std::min(first.previous(), range.last)};
          range.first = gone.last.next();
          return is_trimmed(gone);
        },
        [&](const RecordView& record) {
          if (!only_channel && record.offset > range.first) missing.push_back({range.first, record.offset.previous()});
          range.first = record.offset.next();
          return visit(record);
        });
    if (read && read->ended) return {};
    const bool last = read && read->records < limits::kPageRecords;
    if (last && !only_channel && !range.empty()) missing.push_back(range);
    const auto damage = read ? Offset() : read.error().record;
    if (!only_channel && damage > range.first) missing.push_back({range.first, damage.previous()});
    // What was trimmed while the answer was under way is left out of it without a word. Of one channel nobody can tell.
    for (const OffsetRange& stretch : missing) {
      const auto rest = rest_of(stretch);
      if (!rest) return std::unexpected(rest.error());
      for (const OffsetRange& gone : *rest) {
        if (!is_trimmed(gone)) return {};
      }
    }
    if (last) return {};
    if (read) continue;
    if (read.error().code != ErrorCode::corrupt || ++attempts > limits::kDamagedOffsets) {
      return std::unexpected(read.error());
    }
    const auto record = read.error().record;
    if (record < range.first || record > range.last) return std::unexpected(read.error());
    if (!damaged({record, record}, read.error())) return {};
    range.first = record.next();
  }
  return {};
}

Result<Offset> ServerReader::first_not_older(OffsetRange range, TimeMs moment) {
  auto found = range.last.next();
  const auto read = page(
      range, fmt::format("&limit=1&since={}", percent_encoded(time_text(moment))), [](Offset) { return true; },
      [&](const RecordView& record) {
        found = record.offset;
        return false;
      });
  if (!read) return std::unexpected(read.error());
  return found;
}

Result<LogFacts> ServerReader::facts() {
  auto facts = ask("/api/v1/info", facts_in);
  if (facts) facts->server->url = where();
  return facts;
}

Result<ChannelList> ServerReader::channels() { return ask("/api/v1/channels", channels_in); }

Result<Holes> ServerReader::holes() { return ask("/api/v1/info", holes_in); }

Result<LogPast> ServerReader::past() {
  auto holes = this->holes();
  if (!holes) return std::unexpected(holes.error());
  auto losses = ask("/api/v1/losses", losses_in);
  if (!losses) return std::unexpected(losses.error());
  return LogPast{std::move(*holes), std::move(*losses)};
}

Result<void> ServerReader::follow(Offset after, std::string_view channel, const FollowVisitors& visit) {
  Result<void> wrong;
  bool ended = false;
  EventLines event;
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
      wrong = unreadable(event.data);
      return false;
    } else if (event.name == "log") {
      const auto greeting = JsonMembers::of(event.data);
      const auto text = greeting ? greeting->text("epoch") : std::nullopt;
      const auto epoch = text ? Epoch::parse(*text) : std::nullopt;
      if (epoch) return visit.log(*epoch);
    } else {
      return true;  // of a newer server
    }
    wrong = client_.nonsense();
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

}  // namespace tidemark::cli
