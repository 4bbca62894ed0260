// What a client says at CONNECT, read from its auth object. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

struct ConnectRequest {
  std::optional<std::string> pid;
  std::optional<std::string> offset;           // a position, not yet looked at
  std::optional<std::uint64_t> server_offset;  // nothing: absent, null, 0 or negative
  std::optional<std::uint64_t> history;        // newest N
  bool status = false;                         // wants log:status and log:gap events
  std::string name;                            // who publishes, as records will say; empty: none given
};

/// `auth` is a valid JSON object, or empty. The error is the message of the CONNECT_ERROR. A pid or an offset of a
/// wrong type is no error: a stock client may store anything there, and the decision treats it as unknown.
[[nodiscard]] std::expected<ConnectRequest, std::string> read_connect_request(std::string_view auth);

}  // namespace tidemark
