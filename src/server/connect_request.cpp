#include "src/server/connect_request.h"

#include <algorithm>

#include "protocol/json/json.h"
#include "src/base/limits.h"

namespace tidemark {
namespace {

/// What the client holds but cannot be a position: present, and nothing that parses.
constexpr std::string_view kNoPosition = "?";

}  // namespace

std::expected<ConnectRequest, std::string> read_connect_request(std::string_view auth) {
  ConnectRequest request;
  if (auth.empty()) return request;
  std::string error;
  json::for_each_member(auth, [&](std::string_view key, std::string_view value) {
    const json::Kind kind = json::kind_of(value);
    if (key == "pid") {
      request.pid = kind == json::Kind::string ? json::decode_string(value) : std::nullopt;
    } else if (key == "offset") {
      request.offset.reset();
      if (kind != json::Kind::null) request.offset = json::decode_string(value).value_or(std::string(kNoPosition));
    } else if (key == "serverOffset") {
      request.server_offset.reset();
      if (kind == json::Kind::null) return true;
      const auto number = kind == json::Kind::number ? json::decode_integer(value) : std::nullopt;
      if (!number) {
        error = "serverOffset must be a whole number: the offset of the last event that was processed";
        return false;
      }
      if (*number > 0) request.server_offset = static_cast<std::uint64_t>(*number);
    } else if (key == "history") {
      request.history.reset();
      if (kind == json::Kind::null) return true;
      const auto number = kind == json::Kind::number ? json::decode_integer(value) : std::nullopt;
      if (!number || *number < 0) {
        error = "history must be a whole number: how many of the newest records to begin with";
        return false;
      }
      request.history = static_cast<std::uint64_t>(*number);
    } else if (key == "status") {
      request.status = value == "true";
    } else if (key == "name") {
      request.name = json::decode_string(value).value_or("");
      if (kind != json::Kind::string || request.name.size() > limits::kSenderBytes) {
        error = "name must be a string of at most " + std::to_string(limits::kSenderBytes) + " bytes";
        return false;
      }
    }
    return true;
  });
  if (!error.empty()) return std::unexpected(error);
  return request;
}

}  // namespace tidemark
