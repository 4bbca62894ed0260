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

namespace tidemark::cli {
namespace {

constexpr unsigned kTooLarge = 413;
constexpr unsigned kTooOften = 429;

constexpr auto goes_on = [] { return !interrupted(); };

void wait_for_the_rate() {
  for (auto waited = limits::kLookAgain; waited <= limits::kRateWait && goes_on(); waited += limits::kLookAgain) {
    std::this_thread::sleep_for(limits::kLookAgain);
  }
}

std::optional<Stored> stored_in(std::string_view text) {
  const auto answer = JsonMembers::of(text);
  const auto offset = answer ? answer->number("offset") : std::nullopt;
  if (!offset) return std::nullopt;
  return Stored{Offset(*offset), answer->raw("duplicate") == "true"};
}

std::size_t bytes_of(const Message& message) { return message.payload.size() + message.key.size(); }

}  // namespace

ServerDestination::ServerDestination(ServerUrl url, const CommandOptions& options)
    : client_(std::move(url), options.token),
      target_(fmt::format("/api/v1/channels/{}/records?event={}&sender={}", percent_encoded(options.arguments.front()),
                          percent_encoded(options.as_event), percent_encoded(options.as_sender))) {}

Result<void> ServerDestination::put(Message message) {
  waiting_bytes_ += bytes_of(message);
  waiting_.push_back(std::move(message));
  if (waiting_.size() < limits::kAppendRecords && waiting_bytes_ < limits::kAppendBytes) return {};
  return settle();
}

Result<void> ServerDestination::settle() {
  while (!waiting_.empty() && goes_on()) {
    const auto count = together();
    if (auto sent = count == 1 ? send_one() : send_lines(count); !sent) {
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
  const auto body =
      client_.body_of({.method = "POST",
                       .target = target_,
                       .body = message.payload,
                       .fields = fields,
                       .repeatable = !message.key.empty(),
                       .doubt = "the last record may be stored or not (with a key it could be sent again)"},
                      goes_on);
  if (!body && client_.status() == kTooOften) {
    wait_for_the_rate();
    return {};
  }
  if (!body) return std::unexpected(body.error());
  const auto stored = stored_in(*body);
  if (!stored) return nonsense();
  stored_.push_back(*stored);
  waiting_bytes_ -= bytes_of(message);
  waiting_.pop_front();
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
  const auto doubt = fmt::format("lines {} to {} may be stored or not (with keys they could be sent again)",
                                 waiting_.front().line, waiting_[count - 1].line);
  const auto body = client_.body_of(
      {.method = "POST", .target = target_, .body = lines, .fields = kFields, .repeatable = keyed, .doubt = doubt},
      goes_on);
  if (!body && client_.status() == kTooOften) {
    wait_for_the_rate();
    return {};
  }
  // None was stored, and one of them alone may do.
  if (!body && client_.status() == kTooLarge) {
    bytes_together_ = std::min(bytes_together_, lines.size()) / 2;
    return {};
  }
  if (!body) return std::unexpected(body.error());
  return take_answer(*body, count);
}

Result<void> ServerDestination::take_answer(std::string_view lines, std::size_t count) {
  std::optional<ApiErrorText> refusal;  // of the first that is not stored
  std::uint64_t refused_line = 0;
  std::size_t behind = 0;  // stored all the same
  std::size_t answered = 0;
  for (; !lines.empty() && answered < count; ++answered) {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    if (const auto stored = stored_in(line)) {
      stored_.push_back(*stored);
      if (refusal) ++behind;
      continue;
    }
    auto said = api_error_in(line);
    if (said.message.empty()) return nonsense();
    if (std::exchange(refused_line, waiting_[answered].line) != 0) continue;
    refusal = std::move(said);
  }
  const bool by_rate = refusal && refusal->code == "rate_exceeded";  // then it is the last line
  if (!refusal && answered < count) return nonsense();
  if (refusal && !by_rate) {
    return fail(
        refusal->code == "not_stored" || refusal->code == "closing" ? ErrorCode::io : ErrorCode::invalid_argument,
        fmt::format("line {}: {} answers: {}{}", refused_line, client_.url().text(), refusal->message,
                    behind == 0 ? std::string()
                                : fmt::format(" ({} of the lines behind it were under way and are stored)", behind)));
  }
  for (std::size_t i = by_rate ? 1 : 0; i < answered; ++i) {
    waiting_bytes_ -= bytes_of(waiting_.front());
    waiting_.pop_front();
  }
  if (by_rate) wait_for_the_rate();
  return {};
}

std::unexpected<Error> ServerDestination::nonsense() const {
  return fail(ErrorCode::io,
              fmt::format("{} gives an answer that makes no sense; is it a Tidemark server of this version?",
                          client_.url().text()));
}

}  // namespace tidemark::cli
