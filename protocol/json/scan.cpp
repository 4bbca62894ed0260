#include "protocol/json/scan.h"

#include <algorithm>
#include <string_view>

namespace tidemark::json {

namespace {

const char* skip_literal(const char* p, const char* end, std::string_view literal) {
  const auto size = static_cast<std::ptrdiff_t>(literal.size());
  if (end - p < size || std::memcmp(p, literal.data(), literal.size()) != 0) return nullptr;
  return p + size;
}

const char* skip_digits(const char* p, const char* end) {
  if (p == end || !is_digit(*p)) return nullptr;
  while (p != end && is_digit(*p)) ++p;
  return p;
}

/// An object's member name with its colon, from the blanks before it.
const char* skip_key(const char* p, const char* end) {
  p = skip_blanks(p, end);
  if (p == end || *p != '"') return nullptr;
  p = skip_string(p + 1, end);
  if (p == nullptr) return nullptr;
  p = skip_blanks(p, end);
  return p != end && *p == ':' ? p + 1 : nullptr;
}

/// After the backslash; null if RFC 8259 section 7 knows no such escape. A lone surrogate is one JSON.parse accepts.
const char* skip_escape(const char* p, const char* end) {
  if (p == end) return nullptr;
  switch (*p) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return p + 1;
    case 'u':
      if (end - p < 5 || hex_value(p[1]) < 0 || hex_value(p[2]) < 0 || hex_value(p[3]) < 0 || hex_value(p[4]) < 0)
        return nullptr;
      return p + 5;
    default: return nullptr;
  }
}

}  // namespace

const char* skip_string(const char* p, const char* end) {
  for (;;) {
    p = skip_plain(p, end);
    if (p == end) return nullptr;
    if (*p == '"') return p + 1;
    if (*p != '\\') return nullptr;
    p = skip_escape(p + 1, end);
    if (p == nullptr) return nullptr;
  }
}

const char* skip_number(const char* p, const char* end) {
  if (p != end && *p == '-') ++p;
  if (p == end || !is_digit(*p)) return nullptr;
  p = *p == '0' ? p + 1 : skip_digits(p, end);
  if (p != end && *p == '.') {
    p = skip_digits(p + 1, end);
    if (p == nullptr) return nullptr;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    p = skip_digits(p, end);
  }
  return p;
}

const char* skip_value(const char* p, const char* end, int max_depth, bool* too_deep) {
  LevelBits is_object;
  int depth = 0;
  const int deepest = std::min(max_depth, kDepthCeiling);
  const auto give_up = [too_deep]() -> const char* {
    if (too_deep != nullptr) *too_deep = true;
    return nullptr;
  };
  for (;;) {
    p = skip_blanks(p, end);
    if (p == end) return nullptr;
    switch (*p) {
      case '{':
        if (depth >= deepest) return give_up();
        p = skip_blanks(p + 1, end);
        if (p != end && *p == '}') {
          ++p;
          break;
        }
        is_object.set(depth++, true);
        p = skip_key(p, end);
        if (p == nullptr) return nullptr;
        continue;
      case '[':
        if (depth >= deepest) return give_up();
        p = skip_blanks(p + 1, end);
        if (p != end && *p == ']') {
          ++p;
          break;
        }
        is_object.set(depth++, false);
        continue;
      case '"': p = skip_string(p + 1, end); break;
      case 't': p = skip_literal(p, end, "true"); break;
      case 'f': p = skip_literal(p, end, "false"); break;
      case 'n': p = skip_literal(p, end, "null"); break;
      default: p = skip_number(p, end); break;
    }
    if (p == nullptr) return nullptr;

    // A value has ended: close what ends with it, then find the next one.
    for (;; --depth, ++p) {
      if (depth == 0) return p;
      p = skip_blanks(p, end);
      if (p == end) return nullptr;
      const bool in_object = is_object.get(depth - 1);
      if (*p == ',') {
        ++p;
        if (in_object) p = skip_key(p, end);
        if (p == nullptr) return nullptr;
        break;
      }
      if (*p != (in_object ? '}' : ']')) return nullptr;
    }
  }
}

}  // namespace tidemark::json
