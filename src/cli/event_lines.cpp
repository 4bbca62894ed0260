#include "src/cli/event_lines.h"

#include <algorithm>

namespace tidemark::cli {

bool EventLines::take(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return !data.empty();
  const auto colon = std::min(line.find(':'), line.size());
  const auto field = line.substr(0, colon);
  auto value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") name = value;
  if (field == "data") data += value;
  return false;
}

void EventLines::clear() {
  name.clear();
  data.clear();
}

}  // namespace tidemark::cli
