#include "src/server/api/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "protocol/http/http.h"
#include "protocol/json/json.h"
#include "src/base/limits.h"
#include "src/base/time_text.h"

namespace tidemark {

std::string to_json(const ApiError& error) {
  std::string out = R"({"error":{"code":)";
  json::append_string(out, error.code);
  out += R"(,"message":)";
  json::append_string(out, error.message);
  if (error.record != Offset()) fmt::format_to(std::back_inserter(out), R"(,"offset":{})", error.record.value());
  out += "}}";
  return out;
}

ApiError wrong_parameter(std::string_view name, std::string_view expectation) {
  return {400, "bad_parameter", fmt::format("{} must be {}", name, expectation)};
}

std::expected<Parameters, ApiError> Parameters::read(std::string_view query, std::span<const std::string_view> known) {
  Parameters parameters;
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = http::percent_decode(pair.substr(0, equals), true);
    auto value = http::percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value || !json::is_utf8(*name) || !json::is_utf8(*value)) {
      return std::unexpected(ApiError{400, "bad_parameter", "parameters must be percent-encoded UTF-8"});
    }
    if (std::ranges::find(known, *name) == known.end()) {
      return std::unexpected(ApiError{
          400, "unknown_parameter",
          known.empty() ? fmt::format("there is no parameter {} here, nor any other", *name)
                        : fmt::format("there is no parameter {} here; there are {}", *name, fmt::join(known, ", "))});
    }
    if (parameters.text(*name)) {
      return std::unexpected(ApiError{400, "bad_parameter", fmt::format("{} must be given once", *name)});
    }
    if (parameters.given_.size() == limits::kApiParameters) break;  // there are not so many names
    parameters.given_.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

std::optional<std::string> Parameters::text(std::string_view name) const {
  const auto found = std::ranges::find(given_, name, [](const auto& pair) { return std::string_view(pair.first); });
  return found == given_.end() ? std::nullopt : std::optional(found->second);
}

std::expected<std::optional<std::uint64_t>, ApiError> Parameters::number(std::string_view name, std::uint64_t min,
                                                                         std::uint64_t max) const {
  const auto given = text(name);
  if (!given) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = given->data() + given->size();
  const auto [stopped, error] = std::from_chars(given->data(), end, value);
  if (given->empty() || error != std::errc() || stopped != end || value < min || value > max) {
    return std::unexpected(wrong_parameter(name, fmt::format("a whole number from {} to {}", min, max)));
  }
  return value;
}

std::expected<std::optional<Offset>, ApiError> Parameters::offset(std::string_view name) const {
  const auto value = number(name, 0, Offset::kMax);
  if (!value) return std::unexpected(value.error());
  return *value ? std::optional(Offset(**value)) : std::nullopt;
}

std::expected<std::optional<TimeMs>, ApiError> Parameters::time(std::string_view name) const {
  const auto given = text(name);
  if (!given) return std::nullopt;
  const auto moment = parse_time(*given);
  if (!moment) {
    return std::unexpected(
        wrong_parameter(name, "a time such as 2026-11-25T22:00:00Z (RFC 3339; a + of its offset is written %2B)"));
  }
  return moment;
}

}  // namespace tidemark
