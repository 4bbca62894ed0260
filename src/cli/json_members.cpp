#include "src/cli/json_members.h"

#include "protocol/json/json.h"
#include "src/base/command_limits.h"
#include "src/base/time_text.h"

namespace tidemark::cli {

std::optional<JsonMembers> JsonMembers::of(std::string_view text) {
  if (!json::is_utf8(text) || !json::is_valid(text, limits::kJsonDepth + 1) ||
      json::kind_of(text) != json::Kind::object) {
    return std::nullopt;
  }
  return JsonMembers(text);
}

std::string_view JsonMembers::raw(std::string_view name) const {
  std::string_view found;
  json::for_each_member(object_, [&](std::string_view member, std::string_view value) {
    if (member == name) found = value;
    return true;
  });
  return found;
}

std::optional<std::uint64_t> JsonMembers::number(std::string_view name) const {
  const auto value = raw(name);
  const auto number = value.empty() ? std::nullopt : json::decode_integer(value);
  return number && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

std::optional<std::string> JsonMembers::text(std::string_view name) const {
  const auto value = raw(name);
  return value.empty() ? std::nullopt : json::decode_string(value);
}

std::optional<TimeMs> JsonMembers::time(std::string_view name) const {
  const auto value = text(name);
  return value ? parse_time(*value) : std::nullopt;
}

std::optional<JsonMembers> JsonMembers::object(std::string_view name) const {
  const auto value = raw(name);
  if (value.empty() || json::kind_of(value) != json::Kind::object) return std::nullopt;
  return JsonMembers(value);
}

std::vector<JsonMembers> JsonMembers::objects(std::string_view name) const {
  std::vector<JsonMembers> found;
  const auto value = raw(name);
  const auto elements =
      value.empty() ? std::nullopt : json::split_array(value, limits::kJsonDepth + 1, limits::kListedObjects);
  if (!elements) return found;
  for (const auto element : *elements) {
    if (json::kind_of(element) == json::Kind::object) found.push_back(JsonMembers(element));
  }
  return found;
}

}  // namespace tidemark::cli
