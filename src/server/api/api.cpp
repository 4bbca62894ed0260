#include "src/server/api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "src/base/limits.h"
#include "src/base/position.h"
#include "src/server/api/access.h"
#include "src/server/api/info.h"
#include "src/server/api/log_answer.h"
#include "src/server/api/log_record.h"
#include "src/server/api/parameters.h"
#include "src/server/api/publish_answer.h"
#include "src/server/api/publish_lines.h"
#include "src/server/api/publish_outcome.h"
#include "src/server/api/publish_request.h"
#include "src/server/api/respond.h"
#include "src/server/api/stream_answer.h"
#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/origin_policy.h"
#include "src/server/served_channel.h"
#include "src/server/service.h"

namespace tidemark {
namespace {

constexpr std::string_view kRoot = "/api/v1/";

const ApiError kNotFound{404, "not_found", "there is nothing at this path; /api/v1/openapi.json lists what there is"};

/// False, and answered: the method is another one.
bool method_is(HttpStream& http, std::string_view method) {
  const std::string& asked = http.request().method;
  if (asked == method || (method == "GET" && asked == "HEAD")) return true;
  respond_json(http, 405,
               to_json({405, "method_not_allowed", fmt::format("only {} is served at this path", method)}) + '\n',
               fmt::format("Allow: {}{}\r\n", method, method == "GET" ? ", HEAD" : ""));
  return false;
}

/// Nothing, and answered: there are others than these.
std::optional<Parameters> parameters_of(HttpStream& http, std::span<const std::string_view> known = {}) {
  auto parameters = Parameters::read(http.request().query, known);
  if (parameters) return std::move(*parameters);
  respond_error(http, parameters.error());
  return std::nullopt;
}

std::expected<LogQuery, ApiError> log_query(const Parameters& parameters) {
  LogQuery query;
  if (auto channel = parameters.text("channel")) {
    if (!is_channel_name(*channel)) return std::unexpected(wrong_parameter("channel", kChannelNameRule));
    query.channel = std::move(*channel);
  }
  const auto after = parameters.offset("after");
  if (!after) return std::unexpected(after.error());
  query.after = after->value_or(Offset());
  const auto before = parameters.offset("before");
  if (!before) return std::unexpected(before.error());
  query.before = *before;
  const auto limit = parameters.number("limit", 1, limits::kApiRecords);
  if (!limit) return std::unexpected(limit.error());
  query.limit = limit->value_or(limits::kApiRecordsDefault);
  const auto since = parameters.time("since");
  if (!since) return std::unexpected(since.error());
  query.since = *since;
  const auto until = parameters.time("until");
  if (!until) return std::unexpected(until.error());
  query.until = *until;
  const auto order = parameters.text("order").value_or("asc");
  if (order != "asc" && order != "desc") return std::unexpected(wrong_parameter("order", "asc or desc"));
  query.order = order == "asc" ? Direction::forward : Direction::backward;
  return query;
}

void serve_log(HttpStream& http) {
  constexpr std::array<std::string_view, 7> kKnown = {"after", "before", "channel", "limit", "order", "since", "until"};
  if (!method_is(http, "GET")) return;
  const auto parameters = parameters_of(http, kKnown);
  if (!parameters) return;
  auto query = log_query(*parameters);
  if (!query) return respond_error(http, query.error());
  if (http.request().method == "HEAD") {
    const Log& log = http.thread().service().log;
    http.begin_body(200, api_fields(http, "application/x-ndjson") + log_fields(log, log.head()));
    return http.end_body();
  }
  const auto answer = std::make_shared<LogAnswer>(http, std::move(*query));
  http.await(answer);
  answer->start();
}

void serve_record(HttpStream& http, std::string_view text) {
  if (!method_is(http, "GET") || !parameters_of(http)) return;
  std::uint64_t number = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stopped != text.data() + text.size() || number < 1 || number > Offset::kMax) {
    return respond_error(http,
                         {400, "bad_offset", fmt::format("an offset is a whole number from 1 to {}", Offset::kMax)});
  }
  const Log& log = http.thread().service().log;
  respond_later(http, [&log, offset = Offset(number)] { return record_json_at(log, offset); });
}

void serve_info(HttpStream& http) {
  if (!method_is(http, "GET") || !parameters_of(http)) return;
  Service& service = http.thread().service();
  respond_later(http, [&service] { return info_json(service); });
}

void serve_channels(HttpStream& http) {
  if (!method_is(http, "GET") || !parameters_of(http)) return;
  Service& service = http.thread().service();
  const OffsetRange range{service.log.first(), service.log.head()};
  respond_later(http, [&service, range] { return channels_json(service, range); });
}

void serve_losses(HttpStream& http) {
  if (!method_is(http, "GET") || !parameters_of(http)) return;
  const Log& log = http.thread().service().log;
  respond_later(http, [&log] { return losses_json(log); });
}

void serve_recoveries(HttpStream& http) {
  if (!method_is(http, "GET") || !parameters_of(http)) return;
  respond_json(http, 200, recoveries_json(http.thread().service()));
}

void serve_publish(HttpStream& http, std::string_view channel) {
  if (!method_is(http, "POST")) return;
  Service& service = http.thread().service();
  const auto meant = http.request().field("tidemark-epoch");
  if (const auto epoch = service.log.epoch().text(); meant && *meant != epoch) {
    return respond_error(http, {412, "another_log",
                                fmt::format("this is the log {}, not the one that Tidemark-Epoch names; nothing was "
                                            "stored",
                                            epoch)});
  }
  if (is_publish_of_lines(http.request())) {
    auto drafts = read_publish_lines(http.request(), channel, service.options);
    if (!drafts) return respond_error(http, drafts.error());
    const auto answer = std::make_shared<PublishLines>(http, std::move(*drafts));
    http.await(answer);
    return answer->start();
  }
  auto draft = read_publish_request(http.request(), channel, service.options);
  if (!draft) return respond_error(http, draft.error());
  if (!http.may_publish()) return respond_error(http, rate_exceeded(service));
  const auto answer = std::make_shared<PublishAnswer>(http, std::move(*draft));
  http.await(answer);
  answer->start();
}

/// Where a stream begins.
struct StreamStart {
  Offset after;
  bool resumed = false;  // at the position the client sent
};

std::expected<StreamStart, ApiError> stream_start(const http::Request& request, const Parameters& parameters,
                                                  const Log& log) {
  const Offset head = log.head();
  if (const auto sent = request.field("last-event-id"); sent && !sent->empty()) {
    const auto position = Position::parse(*sent);
    if (position && position->epoch == log.epoch() && position->offset <= head)
      return StreamStart{position->offset, true};
    return StreamStart{};  // of another log: all of this one is news
  }
  if (const auto after = parameters.text("after"); !after || *after == "latest") return StreamStart{head};
  const auto after = parameters.offset("after");
  if (!after) {
    return std::unexpected(
        wrong_parameter("after", fmt::format("latest, or a whole number from 0 to {}", Offset::kMax)));
  }
  return StreamStart{std::min(**after, head)};
}

void serve_stream(HttpStream& http) {
  constexpr std::array<std::string_view, 2> kKnown = {"channel", "after"};
  if (!method_is(http, "GET")) return;
  const auto parameters = parameters_of(http, kKnown);
  if (!parameters) return;
  const auto channel = parameters->text("channel");
  if (channel && !is_channel_name(*channel)) {
    return respond_error(http, wrong_parameter("channel", kChannelNameRule));
  }
  Service& service = http.thread().service();
  // What a GET would begin to answer.
  if (http.request().method == "HEAD") {
    http.begin_body(200, api_fields(http, "text/event-stream"));
    return http.end_body();
  }
  if (!service.tap.open_stream()) {
    service.refusals.count(Refused::too_many_streams);
    return respond_error(http, {503, "busy", "too many streams are open; try again"});
  }
  const auto start = stream_start(http.request(), *parameters, service.log);
  if (!start) {
    service.tap.close_stream();
    return respond_error(http, start.error());
  }
  const auto answer = std::make_shared<StreamAnswer>(http, channel.value_or(""), start->after);
  http.await(answer);
  answer->start(start->resumed);
}

/// The name in "channels/NAME/records", which the path has decoded already; empty: it is another path.
std::string_view channel_in(std::string_view path) {
  constexpr std::string_view kBefore = "channels/";
  constexpr std::string_view kAfter = "/records";
  if (path.size() <= kBefore.size() + kAfter.size() || !path.starts_with(kBefore) || !path.ends_with(kAfter)) return {};
  return path.substr(kBefore.size(), path.size() - kBefore.size() - kAfter.size());
}

void respond_preflight(HttpStream& http) {
  http.respond(204,
               cors_fields(http.request()) +
                   "Access-Control-Allow-Methods: GET, HEAD, POST\r\n"
                   "Access-Control-Allow-Headers: Authorization, Content-Type, Idempotency-Key, Last-Event-ID, "
                   "Tidemark-Epoch\r\n"
                   "Access-Control-Max-Age: 600\r\n",
               {});
}

}  // namespace

void serve_api(HttpStream& http) {
  const http::Request& request = http.request();
  const ServeOptions& options = http.thread().service().options;
  // Browsers ask without the token whether they may send it: the answer says only what is in the documents.
  if (request.method == "OPTIONS" && origin_allowed(request, api_origins(options))) return respond_preflight(http);
  if (const auto refusal = why_no_access(request, options, http.peer_is_this_machine())) {
    return respond_error(http, *refusal);
  }
  if (!request.path.starts_with(kRoot)) return respond_error(http, kNotFound);
  const std::string path = request.path.substr(kRoot.size());
  if (path == "log") return serve_log(http);
  if (path.starts_with("log/")) return serve_record(http, std::string_view(path).substr(4));
  if (path == "info") return serve_info(http);
  if (path == "channels") return serve_channels(http);
  if (path == "losses") return serve_losses(http);
  if (path == "recoveries") return serve_recoveries(http);
  if (path == "stream") return serve_stream(http);
  if (const auto channel = channel_in(path); !channel.empty()) return serve_publish(http, channel);
  respond_error(http, kNotFound);
}

}  // namespace tidemark
