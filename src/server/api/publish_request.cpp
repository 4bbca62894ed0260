#include "src/server/api/publish_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "protocol/json/json.h"
#include "src/base/limits.h"
#include "src/server/served_channel.h"

namespace tidemark {
namespace {

/// Who publishes without saying a name.
constexpr std::string_view kNobody = "api";

std::unexpected<ApiError> refuse(std::string_view code, std::string message) {
  return std::unexpected(ApiError{400, code, std::move(message)});
}

bool is_client_key(std::string_view key) {
  return !key.empty() && key.size() <= limits::kClientKeyBytes && json::is_utf8(key);
}

std::expected<std::string, ApiError> client_key_of(const http::Request& request) {
  const auto key = request.field("idempotency-key");
  if (!key) return std::string();
  if (!is_client_key(*key)) {
    return refuse("bad_client_key",
                  fmt::format("Idempotency-Key must be a text of 1 to {} bytes", limits::kClientKeyBytes));
  }
  return std::string(*key);
}

/// What the records of a request have in common.
std::expected<Draft, ApiError> common_part(const http::Request& request, std::string_view channel,
                                           const ServeOptions& options) {
  constexpr std::array<std::string_view, 2> kKnown = {"event", "sender"};
  const auto parameters = Parameters::read(request.query, kKnown);
  if (!parameters) return std::unexpected(parameters.error());
  if (!json::is_utf8(channel) || !is_served_channel(options, channel)) {
    return std::unexpected(ApiError{404, "unknown_channel",
                                    fmt::format("this server has the channels {} (--channel); a name in a path is "
                                                "percent-encoded: /chat/general is %2Fchat%2Fgeneral",
                                                fmt::join(options.channels, ", "))});
  }
  Draft draft;
  draft.channel = channel;
  draft.event = parameters->text("event").value_or("chat message");
  if (std::ranges::find(options.events, draft.event) == options.events.end()) {
    return refuse("unknown_event", fmt::format("event must be one that this server stores (--event): {}",
                                               fmt::join(options.events, ", ")));
  }
  draft.sender = parameters->text("sender").value_or(std::string(kNobody));
  if (draft.sender.empty() || draft.sender.size() > limits::kSenderBytes) {
    return std::unexpected(wrong_parameter("sender", fmt::format("a text of 1 to {} bytes", limits::kSenderBytes)));
  }
  return draft;
}

/// Blanks around the value are not the payload's: a line end behind it is what a shell leaves.
std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::unexpected<ApiError> too_deep() {
  return refuse("too_deep", fmt::format("JSON may be nested {} arrays and objects deep", limits::kJsonDepth));
}

/// The members of a line, into a draft.
std::expected<void, ApiError> read_line(std::string_view line, Draft& draft) {
  constexpr std::string_view kForm =
      R"(each line must be an object: {"payload":VALUE,"key":"TEXT"}, the key if it has one)";
  switch (json::check(line, limits::kJsonDepth + 1)) {
    case json::Validity::valid: break;
    case json::Validity::invalid: return refuse("bad_payload", std::string(kForm));
    case json::Validity::too_deep: return too_deep();
  }
  if (json::kind_of(line) != json::Kind::object) return refuse("bad_payload", std::string(kForm));
  std::optional<std::string> key;
  bool known = true;
  json::for_each_member(line, [&](std::string_view name, std::string_view value) {
    if (name == "payload") {
      draft.payload = value;
    } else if (name == "key") {
      key = json::decode_string(value);
      if (!key) key.emplace();  // no text
    } else {
      known = false;
    }
    return known;
  });
  if (!known || draft.payload.empty()) return refuse("bad_payload", std::string(kForm));
  if (!key) return {};
  if (!is_client_key(*key)) {
    return refuse("bad_client_key", fmt::format("key must be a text of 1 to {} bytes", limits::kClientKeyBytes));
  }
  draft.client_key = std::move(*key);
  return {};
}

}  // namespace

std::expected<Draft, ApiError> read_publish_request(http::Request& request, std::string_view channel,
                                                    const ServeOptions& options) {
  auto common = common_part(request, channel, options);
  if (!common) return common;
  Draft& draft = *common;
  auto key = client_key_of(request);
  if (!key) return std::unexpected(key.error());
  draft.client_key = std::move(*key);
  if (!json::is_utf8(request.body)) return refuse("bad_payload", "the body must be JSON in UTF-8");
  switch (json::check(request.body, limits::kJsonDepth)) {
    case json::Validity::valid: break;
    case json::Validity::invalid: return refuse("bad_payload", "the body must be one JSON value: the payload");
    case json::Validity::too_deep: return too_deep();
  }
  draft.payload = without_blanks(request.body);
  request.body = {};
  return common;
}

bool is_publish_of_lines(const http::Request& request) {
  const auto field = request.field("content-type").value_or("");
  const auto type = without_blanks(field.substr(0, field.find(';')));
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::ranges::equal(type, std::string_view("application/x-ndjson"), {}, lower);  // RFC 9110 section 8.3.1
}

std::expected<std::vector<Draft>, ApiError> read_publish_lines(http::Request& request, std::string_view channel,
                                                               const ServeOptions& options) {
  const auto common = common_part(request, channel, options);
  if (!common) return std::unexpected(common.error());
  if (request.field("idempotency-key")) {
    return refuse("bad_client_key", "many records in one request have a \"key\" each, not an Idempotency-Key together");
  }
  if (!json::is_utf8(request.body)) return refuse("bad_payload", "the body must be JSON in UTF-8");
  std::vector<Draft> drafts;
  std::size_t number = 0;
  for (std::string_view rest = request.body; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = without_blanks(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.empty()) continue;
    if (drafts.size() == limits::kApiRecordsPublished) {
      return refuse("too_many_records", fmt::format("one request may publish {} records; send the rest in the next",
                                                    limits::kApiRecordsPublished));
    }
    Draft& draft = drafts.emplace_back(*common);
    if (auto read = read_line(line, draft); !read) {
      ApiError error = read.error();
      error.message = fmt::format("line {}: {}; nothing was stored", number, error.message);
      return std::unexpected(std::move(error));
    }
  }
  if (drafts.empty()) return refuse("bad_payload", "the body must have a record on each line, and has none");
  request.body = {};
  return drafts;
}

}  // namespace tidemark
