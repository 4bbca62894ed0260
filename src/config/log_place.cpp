#include "src/config/log_place.h"

namespace tidemark {

std::optional<LogPlace> parse_log_place(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return std::nullopt;
  const auto engine = text.substr(0, colon);
  if (engine != "sqlite" && engine != "rocksdb") return std::nullopt;
  return LogPlace{std::string(engine), text.substr(colon + 1)};
}

std::string_view why_no_log_place(std::string_view text) {
  if (parse_log_place(text)) return {};
  return "must be an engine and a directory, such as sqlite:tidemark-data or rocksdb:new-data";
}

}  // namespace tidemark
