#include "src/server/api/info.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include "protocol/json/json.h"
#include "src/base/time_text.h"
#include "src/server/api/respond.h"
#include "src/server/io_thread.h"
#include "src/server/service.h"

namespace tidemark {
namespace {

void append_list(std::string& out, std::string_view name, const std::vector<std::string>& items) {
  fmt::format_to(std::back_inserter(out), R"(,"{}":[)", name);
  for (const std::string& item : items) {
    if (&item != &items.front()) out += ',';
    json::append_string(out, item);
  }
  out += ']';
}

/// The time of the record at `offset`; nothing is said of one that is not there or cannot be read.
void append_time(std::string& out, const Log& log, std::string_view name, Offset offset) {
  (void)log.scan(offset, offset, Direction::forward, {1, limits::kScanBytes}, [&](const RecordView& record) {
    fmt::format_to(std::back_inserter(out), R"(,"{}":"{}")", name, time_text(record.time));
    return false;
  });
}

}  // namespace

std::expected<std::string, ApiError> info_json(const Service& service) {
  const Log& log = service.log;
  const StoreStats stats = log.stats();
  const Offset first = log.first();
  const Offset head = log.head();
  std::string out;
  fmt::format_to(
      std::back_inserter(out),
      R"({{"version":"{}","engine":"{}","epoch":"{}","first":{},"head":{},"records":{},"bytes_on_disk":{},"bytes_in_use":{})",
      TIDEMARK_VERSION, log.engine(), log.epoch().text(), first.value(), head.value(), stats.records,
      stats.bytes_on_disk, stats.bytes_in_use);
  append_time(out, log, "first_time", first);
  append_time(out, log, "head_time", head);
  out += R"(,"holes":[)";
  for (const OffsetRange& hole : log.holes().ranges()) {
    if (out.back() != '[') out += ',';
    fmt::format_to(std::back_inserter(out), R"({{"from":{},"to":{}}})", hole.first.value(), hole.last.value());
  }
  out += ']';
  out += R"(,"unreadable":[)";
  for (const ReadFailure& failure : service.read_failures.places()) {
    out += out.back() == '[' ? R"({"error":)" : R"(,{"error":)";
    json::append_string(out, failure.sentence);
    if (failure.record != Offset()) fmt::format_to(std::back_inserter(out), R"(,"offset":{})", failure.record.value());
    fmt::format_to(std::back_inserter(out), R"(,"times":{},"last":"{}"}})", failure.times, time_text(failure.last));
  }
  out += ']';
  const std::string why = log.why_not_writable();
  fmt::format_to(std::back_inserter(out), R"(,"writable":{})", why.empty());
  if (!why.empty()) {
    out += R"(,"why_not_writable":)";
    json::append_string(out, why);
  }
  append_list(out, "channel_patterns", service.options.channels);
  append_list(out, "events", service.options.events);
  append_list(out, "relays", service.options.relays);
  std::size_t connections = 0;
  for (const auto& thread : service.threads) connections += thread->connection_count();
  const CommitTap::Counts& counts = service.tap.counts();
  fmt::format_to(std::back_inserter(out), R"(,"connections":{},"streams":{},"started":"{}","now":"{}")", connections,
                 service.tap.streams(), time_text(service.started), time_text(service.clock.wall()));
  fmt::format_to(std::back_inserter(out),
                 R"(,"since_start":{{"commits":{},"records":{},"bytes":{},"duplicates":{},"failed":{})",
                 counts.commits.load(), counts.records.load(), counts.bytes.load(), counts.duplicates.load(),
                 counts.failed.load());
  const Recoveries::Counts recoveries = service.recoveries.counts();
  fmt::format_to(std::back_inserter(out), R"(,"resumed":{},"replayed":{},"new":{}}}}})", recoveries.resumed,
                 recoveries.replayed, recoveries.fresh);
  out += '\n';
  return out;
}

std::expected<std::optional<std::string>, ApiError> channels_json(Service& service, OffsetRange range) {
  const auto counted = service.census.step(range);
  if (!counted) return std::unexpected(to_api_error(counted.error()));
  if (!*counted) return std::nullopt;
  const ChannelCensus::Totals& totals = **counted;
  std::string out = fmt::format(R"({{"epoch":"{}","first":{},"head":{},"unreadable":{},"count":{},"channels":[)",
                                service.log.epoch().text(), totals.range.first.value(), totals.range.last.value(),
                                totals.unreadable, totals.channels.size());
  std::size_t listed = 0;
  for (const auto& [channel, count] : totals.channels) {
    if (listed++ == limits::kApiRecords) break;
    out += listed == 1 ? R"({"channel":)" : R"(,{"channel":)";
    json::append_string(out, channel);
    fmt::format_to(std::back_inserter(out), R"(,"records":{},"bytes":{},"first":{},"last":{},"last_time":"{}"}})",
                   count.records, count.bytes, count.first.value(), count.last.value(), time_text(count.last_time));
  }
  out += "]}\n";
  return out;
}

std::expected<std::string, ApiError> losses_json(const Log& log) {
  std::vector<std::pair<Offset, std::string>> lost;
  Offset everywhere;
  const auto read = log.losses([&](const ChannelLoss& loss) {
    if (loss.channel.empty()) {
      everywhere = std::max(everywhere, loss.last);
    } else {
      lost.emplace_back(loss.last, loss.channel);
    }
    return true;
  });
  if (!read) return std::unexpected(to_api_error(read.error()));
  std::ranges::sort(lost, std::greater());
  if (lost.size() > limits::kApiRecords) {
    everywhere = std::max(everywhere, lost[limits::kApiRecords].first);
    lost.resize(limits::kApiRecords);
  }
  if (everywhere > Offset()) lost.emplace_back(everywhere, "");
  std::string out = fmt::format(R"({{"epoch":"{}","losses":[)", log.epoch().text());
  for (const auto& [last, channel] : lost) {
    out += out.ends_with('[') ? R"({"channel":)" : R"(,{"channel":)";
    json::append_string(out, channel);
    fmt::format_to(std::back_inserter(out), R"(,"last":{}}})", last.value());
  }
  out += "]}\n";
  return out;
}

std::string recoveries_json(const Service& service) {
  const Recoveries::Counts counts = service.recoveries.counts();
  std::string out =
      fmt::format(R"({{"resumed":{},"replayed":{},"new":{},"latest":[)", counts.resumed, counts.replayed, counts.fresh);
  for (const Recovery& recovery : service.recoveries.latest()) {
    out += out.ends_with('[') ? "" : ",";
    fmt::format_to(std::back_inserter(out), R"({{"time":"{}","way":"{}","after":{},"channel":)",
                   time_text(recovery.time), name(recovery.way), recovery.after.value());
    json::append_string(out, recovery.channel);
    out += R"(,"sid":)";
    json::append_string(out, recovery.sid);
    out += R"(,"sender":)";
    json::append_string(out, recovery.sender);
    if (!recovery.reason.empty()) {
      out += R"(,"reason":)";
      json::append_string(out, recovery.reason);
    }
    out += '}';
  }
  out += "]}\n";
  return out;
}

}  // namespace tidemark
