#include "src/server/api/publish_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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

std::expected<std::string, ApiError> client_key_of(const http::Request& request) {
  const auto key = request.field("idempotency-key");
  if (!key) return std::string();
  if (key->empty() || key->size() > limits::kClientKeyBytes || !json::is_utf8(*key)) {
    return refuse("bad_client_key",
                  fmt::format("Idempotency-Key must be a text of 1 to {} bytes", limits::kClientKeyBytes));
  }
  return std::string(*key);
}

}  // namespace

std::expected<Draft, ApiError> read_publish_request(http::Request& request, std::string_view channel,
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
  auto key = client_key_of(request);
  if (!key) return std::unexpected(key.error());
  draft.client_key = std::move(*key);
  if (!json::is_utf8(request.body)) return refuse("bad_payload", "the body must be JSON in UTF-8");
  switch (json::check(request.body, limits::kJsonDepth)) {
    case json::Validity::valid: break;
    case json::Validity::invalid: return refuse("bad_payload", "the body must be one JSON value: the payload");
    case json::Validity::too_deep:
      return refuse("too_deep", fmt::format("JSON may be nested {} arrays and objects deep", limits::kJsonDepth));
  }
  // Blanks around the value are not the payload's: a line end behind it is what a shell leaves.
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = request.body.find_first_not_of(kBlanks);
  const auto end = request.body.find_last_not_of(kBlanks);
  draft.payload = request.body.substr(begin, end - begin + 1);
  request.body = {};
  return draft;
}

}  // namespace tidemark
