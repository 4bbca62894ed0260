#include "src/cli/record_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "src/config/nearest_name.h"

namespace tidemark {
namespace {

// In the order of RecordField.
constexpr std::array<std::string_view, 10> kFields = {"offset", "time",    "channel",     "event", "sender",
                                                      "key",    "payload", "attachments", "json",  "position"};

char unescaped(char c) {
  switch (c) {
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case '0': return '\0';
    default: return c;
  }
}

std::unexpected<Error> refuse(std::string problem) { return fail(ErrorCode::invalid_argument, std::move(problem)); }

}  // namespace

void RecordTemplate::add(char c) {
  if (pieces_.empty() || !std::holds_alternative<std::string>(pieces_.back())) pieces_.emplace_back(std::string());
  std::get<std::string>(pieces_.back()) += c;
}

Result<RecordTemplate> RecordTemplate::parse(std::string_view text) {
  RecordTemplate result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\\' && i + 1 < text.size()) {
      result.add(unescaped(next));
      ++i;
    } else if ((c == '{' || c == '}') && next == c) {
      result.add(c);
      ++i;
    } else if (c == '{') {
      const auto end = text.find('}', i);
      if (end == std::string_view::npos) return refuse("has a { without its }; {{ stands for a brace");
      const auto name = text.substr(i + 1, end - i - 1);
      const auto field = std::ranges::find(kFields, name);
      if (field == kFields.end()) {
        const auto nearest = nearest_name(name, kFields);
        return refuse(fmt::format("has no field {{{}}}{}; there are {}", name,
                                  nearest ? fmt::format("; did you mean {{{}}}?", *nearest) : std::string(),
                                  fmt::join(kFields, ", ")));
      }
      result.pieces_.emplace_back(static_cast<RecordField>(field - kFields.begin()));
      i = end;
    } else if (c == '}') {
      return refuse("has a } without its {; }} stands for a brace");
    } else {
      result.add(c);
    }
  }
  return result;
}

}  // namespace tidemark
