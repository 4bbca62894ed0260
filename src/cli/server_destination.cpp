#include "src/cli/server_destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "protocol/json/json.h"
#include "src/cli/interruption.h"
#include "src/cli/json_members.h"
#include "src/cli/open_log.h"

namespace tidemark::cli {
namespace {

constexpr unsigned kTooLarge = 413;
constexpr unsigned kTooOften = 429;

constexpr std::string_view kAnotherLog = "another_log";
constexpr std::string_view kClosing = "closing";
constexpr std::string_view kUnknownChannel = "unknown_channel";

constexpr auto goes_on = [] { return !interrupted(); };

void wait(std::chrono::milliseconds pause) {
  for (; pause > pause.zero() && goes_on(); pause -= limits::kLookAgain) {
    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(pause, limits::kLookAgain));
  }
}

/// "line 7", "lines 7 to 9"
std::string lines_text(std::uint64_t first, std::uint64_t last) {
  return first == last ? fmt::format("line {}", first) : fmt::format("lines {} to {}", first, last);
}

/// Of lines without keys.
std::string doubt_text(std::uint64_t first, std::uint64_t last) {
  return fmt::format("{} may be stored or not (with keys they could be sent again)", lines_text(first, last));
}

/// Of those before `line`, which is not stored yet.
std::string stored_text(std::uint64_t line) {
  if (line == 1) return "no line is stored";
  return fmt::format("{} {} stored", lines_text(1, line - 1), line == 2 ? "is" : "are");
}

std::optional<Stored> stored_in(std::string_view text) {
  const auto answer = JsonMembers::of(text);
  const auto offset = answer ? answer->number("offset") : std::nullopt;
  if (!offset) return std::nullopt;
  return Stored{Offset(*offset), answer->raw("duplicate") == "true"};
}

std::size_t bytes_of(const Message& message) { return message.payload.size() + message.key.size(); }

}  // namespace

ServerDestination::ServerDestination(ServerUrl url, const CommandOptions& options, Millis away)
    : options_(options),
      away_(away),
      client_(std::make_unique<HttpClient>(std::move(url), options.token)),
      target_(fmt::format("/api/v1/channels/{}/records?event={}&sender={}", percent_encoded(options.arguments.front()),
                          percent_encoded(options.as_event), percent_encoded(options.as_sender))) {}

Result<void> ServerDestination::put(Message message) {
  waiting_bytes_ += bytes_of(message);
  waiting_.push_back(std::move(message));
  if (waiting_.size() < limits::kAppendRecords && waiting_bytes_ < limits::kAppendBytes) return {};
  return settle();
}

Result<void> ServerDestination::settle() {
  while (!waiting_.empty()) {
    const auto count = together();
    auto sent = !goes_on() ? stopped(0) : count == 1 ? send_one() : send_lines(count);
    if (!sent) {
      waiting_.clear();
      waiting_bytes_ = 0;
      return sent;
    }
  }
  return {};
}

std::vector<Stored> ServerDestination::told() { return std::exchange(stored_, {}); }

std::size_t ServerDestination::together() const {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const Message& message : waiting_) {
    bytes += bytes_of(message);
    if (count > 0 && (bytes > bytes_together_ || count == limits::kAppendRecords)) break;
    ++count;
  }
  return count;
}

Result<void> ServerDestination::send_one() {
  const Message& message = waiting_.front();
  std::vector<HttpClient::Field> fields = {{"Content-Type", "application/json"}};
  if (!message.key.empty()) fields.emplace_back(kIdempotencyKey, message.key);
  const auto doubt = fmt::format("{} may be stored or not (with a key it could be sent again)",
                                 message.line == 0 ? "the record" : lines_text(message.line, message.line));
  const auto body = ask({.method = "POST",
                         .target = target_,
                         .body = message.payload,
                         .fields = fields,
                         .repeatable = !message.key.empty(),
                         .doubt = doubt},
                        1);
  if (!body && client_->status() == kTooOften) {
    wait(limits::kRateWait);
    return {};
  }
  if (!body && client_->status() == kTooLarge && message.line > 0) {
    return fail(body.error().code, fmt::format("line {}, of {} bytes as JSON, is too long: {}", message.line,
                                               message.payload.size(), body.error().context));
  }
  if (!body) return std::unexpected(body.error());
  const auto stored = stored_in(*body);
  if (!stored) return client_->nonsense();
  stored_.push_back(*stored);
  remove_stored(1);
  return {};
}

Result<void> ServerDestination::send_lines(std::size_t count) {
  constexpr std::array<HttpClient::Field, 1> kFields = {{{"Content-Type", "application/x-ndjson"}}};
  std::string lines;
  bool keyed = true;
  for (std::size_t i = 0; i < count; ++i) {
    const Message& message = waiting_[i];
    lines += R"({"payload":)";
    lines += message.payload;
    keyed = keyed && !message.key.empty();
    if (!message.key.empty()) {
      lines += R"(,"key":)";
      json::append_string(lines, message.key);
    }
    lines += "}\n";
  }
  const auto doubt = doubt_text(waiting_.front().line, waiting_[count - 1].line);
  const auto body =
      ask({.method = "POST", .target = target_, .body = lines, .fields = kFields, .repeatable = keyed, .doubt = doubt},
          count);
  if (!body && client_->status() == kTooOften) {
    wait(limits::kRateWait);
    return {};
  }
  // None was stored, and one of them alone may do.
  if (!body && client_->status() == kTooLarge) {
    bytes_together_ = std::min(bytes_together_, lines.size()) / 2;
    return {};
  }
  if (!body) return std::unexpected(body.error());
  return take_answer(*body, count);
}

void ServerDestination::remove_stored(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    waiting_bytes_ -= bytes_of(waiting_.front());
    waiting_.pop_front();
  }
  // An answer alone ends no wait: it may be that the server shuts down.
  if (count > 0 && std::exchange(away_since_, std::nullopt)) {
    fmt::print(stderr, "tidemark: {} takes records again\n", client_->url().text());
  }
}

Result<std::string> ServerDestination::ask(const HttpClient::Request& request, std::size_t count) {
  std::vector<HttpClient::Field> fields(request.fields.begin(), request.fields.end());
  for (;;) {
    if (const auto there = follow_directory(); !there) {
      if (request.repeatable && wait_for_server(there.error().context)) continue;
      return fail(there.error().code, there.error().context + extent(request.repeatable, count, request.repeatable));
    }
    if (log_ && fields.size() == request.fields.size()) fields.emplace_back(kTidemarkEpoch, *log_);
    HttpClient::Request guarded = request;
    guarded.fields = fields;
    auto body = client_->body_of(guarded, goes_on);
    if (const auto epoch = client_->field(kTidemarkEpoch); !log_ && !epoch.empty()) log_ = epoch;
    if (client_->lost() == HttpClient::Lost::stopped && !goes_on()) return stopped(count);
    const bool lost = client_->lost() == HttpClient::Lost::unreached || client_->lost() == HttpClient::Lost::broken;
    reached_ = reached_ || client_->lost() != HttpClient::Lost::unreached;
    if (!body && client_->refusal_code() == kAnotherLog) return another_log(request.repeatable, count);
    if (!lost && client_->refusal_code() != kClosing) {
      // How a path is written concerns who writes one.
      if (!body && client_->refusal_code() == kUnknownChannel) {
        return fail(body.error().code,
                    fmt::format("{} is no channel of this server: {}", options_.arguments.front(),
                                body.error().context.substr(0, body.error().context.find("; a name in a path"))));
      }
      return body;
    }
    if (request.repeatable && reached_ && wait_for_server(body.error().context)) continue;
    // What a server that shuts down did not decide may be stored.
    const bool undecided = !lost && !request.repeatable;
    const bool in_doubt = client_->lost() == HttpClient::Lost::broken || undecided || (request.repeatable && reached_);
    return fail(body.error().code, fmt::format("{}{}{}{}", undecided ? request.doubt : "", undecided ? ": " : "",
                                               body.error().context, extent(request.repeatable, count, in_doubt)));
  }
}

bool ServerDestination::wait_for_server(std::string_view why) {
  const auto now = std::chrono::steady_clock::now();
  if (!away_since_) {
    away_since_ = now;
    pause_ = limits::kLookAgain;
    fmt::print(stderr, "tidemark: waiting for a server: {}\n", why);
  }
  if (now - *away_since_ >= away_) return false;
  wait(pause_);
  pause_ = std::min<std::chrono::milliseconds>(2 * pause_, limits::kLookAgainMost);
  return goes_on();
}

Result<void> ServerDestination::follow_directory() {
  if (!reached_ || client_->is_connected()) return {};
  // Whoever has the address that the directory's server had may be a stranger.
  auto url = live_url(options_);
  if (!url) return std::unexpected(url.error());
  if (url->text() != client_->url().text()) client_ = std::make_unique<HttpClient>(std::move(*url), options_.token);
  return {};
}

std::unexpected<Error> ServerDestination::another_log(bool keyed, std::size_t count) const {
  const auto first = waiting_.front().line;
  const auto last = waiting_[count - 1].line;
  const auto before = first == 0 ? std::string("the record may be stored")
                      : keyed    ? fmt::format("{}, {} may be", stored_text(first), lines_text(first, last))
                                 : stored_text(first);
  return fail(ErrorCode::io, fmt::format("another log answers at {} now and took none of it; in the one before, {}, {}",
                                         client_->url().text(), *log_, before));
}

std::string ServerDestination::extent(bool keyed, std::size_t count, bool in_doubt) const {
  const auto first = waiting_.front().line;
  const auto last = waiting_[count - 1].line;
  if (first == 0 && !in_doubt) return "; nothing is stored";
  if (first == 0) return keyed ? "; run it again with the same key, which stores it once" : "";
  const auto stored = stored_text(first);
  if (keyed && in_doubt) {
    return fmt::format("; {}, {} may be: run it again with the same keys, which stores nothing twice", stored,
                       lines_text(first, last));
  }
  if (!in_doubt)
    return fmt::format("; {}{}", stored, first == 1 ? "" : fmt::format(", none behind line {} is", first - 1));
  return fmt::format("; {}none behind line {} is{}", first == 1 ? std::string() : stored + ", ", last,
                     first == 1 ? " stored" : "");
}

std::unexpected<Error> ServerDestination::stopped(std::size_t under_way) const {
  const auto first = waiting_.front().line;
  if (first == 0) {
    return fail(ErrorCode::closed,
                fmt::format("interrupted; the record {}", under_way == 0 ? "is not stored" : "may be stored or not"));
  }
  const auto stored = stored_text(first);
  if (under_way == 0) {
    return fail(ErrorCode::closed, fmt::format("interrupted; {}{}", stored, first == 1 ? "" : ", none behind is"));
  }
  return fail(ErrorCode::closed, fmt::format("interrupted; {}, {} may be or not, none behind is", stored,
                                             lines_text(first, waiting_[under_way - 1].line)));
}

Result<void> ServerDestination::take_answer(std::string_view lines, std::size_t count) {
  std::optional<ApiErrorText> refusal;  // of the first that is not stored
  std::size_t before = 0;               // it
  std::size_t behind = 0;               // stored all the same
  std::size_t undecided = 0;            // the last ones, of a server that shuts down
  std::size_t answered = 0;
  for (; !lines.empty() && answered < count; ++answered) {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    if (const auto stored = stored_in(line)) {
      stored_.push_back(*stored);
      if (refusal) ++behind;
      undecided = 0;
      continue;
    }
    auto said = api_error_in(line);
    if (said.message.empty()) return client_->nonsense();
    undecided = said.code == kClosing ? undecided + 1 : 0;
    if (refusal) continue;
    refusal = std::move(said);
    before = answered;
  }
  if (!refusal && answered < count) return client_->nonsense();
  const bool by_rate = refusal && refusal->code == "rate_exceeded";  // then it is the last line
  const bool by_end = refusal && answered - undecided == before;
  remove_stored(refusal ? before : count);
  if (!refusal) return {};
  if (by_rate) {
    wait(limits::kRateWait);
    return {};
  }
  const Message& refused = waiting_.front();
  const auto said = fmt::format("{} answers: {}", client_->url().text(), refusal->message);
  if (by_end && refused.key.empty()) {
    return fail(ErrorCode::io, fmt::format("{}: {}{}", doubt_text(refused.line, waiting_[undecided - 1].line), said,
                                           extent(false, undecided, true)));
  }
  if (by_end) {
    if (wait_for_server(refusal->message)) return {};
    return fail(ErrorCode::io, refusal->message + extent(true, undecided, true));
  }
  const auto last = answered - before;
  const auto doubt = undecided == 0 ? std::string()
                                    : fmt::format("; {} may be stored or not",
                                                  lines_text(waiting_[last - undecided].line, waiting_[last - 1].line));
  return fail(refusal->code == "not_stored" || refusal->code == kClosing ? ErrorCode::io : ErrorCode::invalid_argument,
              fmt::format("line {}: {}{}{}", refused.line, said, lines_behind_text(behind), doubt));
}

}  // namespace tidemark::cli
