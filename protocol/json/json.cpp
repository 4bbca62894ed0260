#include "protocol/json/json.h"

#include "protocol/json/scan.h"

namespace tidemark::json {

namespace {

std::string_view slice(const char* from, const char* to) { return {from, static_cast<std::size_t>(to - from)}; }

}  // namespace

bool is_valid(std::string_view text, int max_depth) { return check(text, max_depth) == Validity::valid; }

Validity check(std::string_view text, int max_depth) {
  const char* const end = text.data() + text.size();
  bool too_deep = false;
  const char* const after = skip_value(text.data(), end, max_depth, &too_deep);
  if (too_deep) return Validity::too_deep;
  return after != nullptr && skip_blanks(after, end) == end ? Validity::valid : Validity::invalid;
}

Kind kind_of(std::string_view valid_value) {
  const char* const end = valid_value.data() + valid_value.size();
  const char* const p = skip_blanks(valid_value.data(), end);
  if (p == end) return Kind::null;
  switch (*p) {
    case '{': return Kind::object;
    case '[': return Kind::array;
    case '"': return Kind::string;
    case 't':
    case 'f': return Kind::boolean;
    case 'n': return Kind::null;
    default: return Kind::number;
  }
}

std::optional<std::vector<std::string_view>> split_array(std::string_view text, int max_depth,
                                                         std::size_t max_elements) {
  const char* const end = text.data() + text.size();
  const char* p = skip_blanks(text.data(), end);
  if (p == end || *p != '[' || max_depth < 1) return std::nullopt;
  p = skip_blanks(p + 1, end);
  std::vector<std::string_view> elements;
  if (p != end && *p == ']') {
    if (skip_blanks(p + 1, end) != end) return std::nullopt;
    return elements;
  }
  elements.reserve(4);  // name, payload, client key and one more: what an event of ours carries
  for (;;) {
    if (elements.size() == max_elements) return std::nullopt;
    const char* const from = skip_blanks(p, end);
    p = skip_value(from, end, max_depth - 1);
    if (p == nullptr) return std::nullopt;
    elements.push_back(slice(from, p));
    p = skip_blanks(p, end);
    if (p == end) return std::nullopt;
    if (*p == ']') {
      if (skip_blanks(p + 1, end) != end) return std::nullopt;
      return elements;
    }
    if (*p != ',') return std::nullopt;
    ++p;
  }
}

}  // namespace tidemark::json
