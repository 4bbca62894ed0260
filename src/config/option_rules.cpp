#include "src/config/option_rules.h"

#include <regex.h>

#include <algorithm>
#include <array>
#include <string>

#include "src/base/limits.h"
#include "src/base/offset.h"
#include "src/config/moment.h"
#include "src/config/value_text.h"

namespace tidemark {
namespace {

// Names of Socket.IO's own events, "Emit cheatsheet"; a handler for them would never see a client's event.
constexpr std::array<std::string_view, 6> kSocketIoEvents = {"connect",       "connect_error", "disconnect",
                                                             "disconnecting", "newListener",   "removeListener"};

/// Events the log and Socket.IO keep for themselves: connect, disconnect and so on, and all that start with "log:".
bool is_event_reserved(std::string_view event) {
  return event.starts_with("log:") || std::ranges::find(kSocketIoEvents, event) != kSocketIoEvents.end();
}

}  // namespace

std::string_view why_no_path(std::string_view text) { return text.empty() ? "a path must not be empty" : ""; }

std::string_view why_no_host(std::string_view text) {
  if (text.empty()) return "a host must not be empty; 0.0.0.0 or :: listens on every address";
  if (text.find_first_of("/ \t") != std::string_view::npos) return "a host is a name or an address, without a scheme";
  return {};
}

std::string_view why_no_token(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() < limits::kApiTokenBytesMin)
    return "a token must have at least 16 characters: it must not be guessed";
  if (text.size() > limits::kApiTokenBytes) return "a token must not be longer than 255 characters";
  const auto visible = [](unsigned char c) { return c > 0x20 && c < 0x7f; };
  return std::ranges::all_of(text, visible) ? "" : "a token has visible ASCII characters only";
}

std::string_view why_no_event(std::string_view text) {
  if (text.empty()) return "an event's name must not be empty";
  if (text.size() > limits::kEventNameBytes) return "an event's name must not be longer than 255 bytes";
  if (is_event_reserved(text)) return "this event's name is reserved by Socket.IO or, starting with log:, by Tidemark";
  return {};
}

std::string_view why_no_start(std::string_view text) {
  const auto offset = parse_number(text);
  if (text == "earliest" || text == "latest" || (offset && *offset <= Offset::kMax)) return {};
  return "must be an offset, earliest or latest";
}

std::string_view why_no_expression(std::string_view text) {
  regex_t compiled;
  if (::regcomp(&compiled, std::string(text).c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
    return "must be a POSIX extended regular expression, as of grep -E";
  }
  ::regfree(&compiled);
  return {};
}

std::string_view why_no_place_to_trim(std::string_view text) {
  const auto offset = parse_number(text);
  if ((offset && *offset >= 1 && *offset <= Offset::kMax) || (!offset && why_no_moment(text).empty())) return {};
  return "must be an offset, a time ago such as 30d (ms, s, m or min, h, d, w), a time of day such as 06:00, or a date "
         "such as "
         "2026-01-02T15:04 (local time, or with Z or +01:00 behind it)";
}

std::string_view why_no_key(std::string_view text) {
  if (text.empty()) return "a key must not be empty";
  return text.size() > limits::kClientKeyBytes ? "a key must not be longer than 255 bytes" : "";
}

std::string_view why_no_sender(std::string_view text) {
  if (text.empty()) return "a sender must not be empty";
  return text.size() > limits::kSenderBytes ? "a sender must not be longer than 255 bytes" : "";
}

}  // namespace tidemark
