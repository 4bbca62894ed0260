#include "protocol/json/text.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "protocol/json/json.h"
#include "protocol/json/scan.h"

namespace tidemark::json {

namespace {

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto byte = [&out](std::uint32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (code_point < 0x80) {
    byte(code_point);
  } else if (code_point < 0x800) {
    byte(0xc0 | (code_point >> 6));
    byte(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    byte(0xe0 | (code_point >> 12));
    byte(0x80 | ((code_point >> 6) & 0x3f));
    byte(0x80 | (code_point & 0x3f));
  } else {
    byte(0xf0 | (code_point >> 18));
    byte(0x80 | ((code_point >> 12) & 0x3f));
    byte(0x80 | ((code_point >> 6) & 0x3f));
    byte(0x80 | (code_point & 0x3f));
  }
}

/// The four digits of a \u escape whose 'u' stands at `at`; nothing if there are no four.
std::optional<std::uint32_t> code_unit(std::string_view text, std::size_t at) {
  if (at + 5 > text.size()) return std::nullopt;
  std::uint32_t unit = 0;
  for (const char digit : text.substr(at + 1, 4)) {
    const int value = hex_value(digit);
    if (value < 0) return std::nullopt;
    unit = unit * 16 + static_cast<std::uint32_t>(value);
  }
  return unit;
}

constexpr bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
constexpr bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }
constexpr std::uint32_t kReplacement = 0xfffd;

char simple_escape(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;  // quote, backslash, slash
  }
}

}  // namespace

bool append_decoded(std::string& out, std::string_view valid_inside) {
  bool whole = true;
  std::size_t at = 0;
  while (at < valid_inside.size()) {
    const auto escape = valid_inside.find('\\', at);
    out.append(valid_inside.substr(at, escape - at));
    if (escape >= valid_inside.size() - 1) break;  // none left
    at = escape + 1;
    if (valid_inside[at] != 'u') {
      out.push_back(simple_escape(valid_inside[at++]));
      continue;
    }
    auto code_point = code_unit(valid_inside, at).value_or(kReplacement);
    at += 5;
    if (is_high_surrogate(code_point) && valid_inside.substr(std::min(at, valid_inside.size()), 2) == "\\u") {
      const auto low = code_unit(valid_inside, at + 1).value_or(0);
      if (is_low_surrogate(low)) {
        code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
      }
    }
    if (code_point >= 0xd800 && code_point < 0xe000) {
      whole = false;
      code_point = kReplacement;
    }
    append_utf8(out, code_point);
  }
  return whole;
}

std::optional<std::string> decode_string(std::string_view valid_value) {
  const auto from = valid_value.find('"');
  const auto to = valid_value.rfind('"');
  if (kind_of(valid_value) != Kind::string || from >= to) return std::nullopt;
  std::string text;
  text.reserve(to - from - 1);
  if (!append_decoded(text, valid_value.substr(from + 1, to - from - 1))) return std::nullopt;
  return text;
}

void append_string(std::string& out, std::string_view utf8) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out.push_back('"');
  const char* p = utf8.data();
  const char* const end = p + utf8.size();
  for (;;) {
    const char* const stop = skip_plain(p, end);
    out.append(p, stop);
    if (stop == end) break;
    out.push_back('\\');
    switch (*stop) {
      case '"':
      case '\\': out.push_back(*stop); break;
      case '\b': out.push_back('b'); break;
      case '\f': out.push_back('f'); break;
      case '\n': out.push_back('n'); break;
      case '\r': out.push_back('r'); break;
      case '\t': out.push_back('t'); break;
      default:
        out.append("u00");
        out.push_back(kHexDigits[static_cast<unsigned char>(*stop) >> 4]);
        out.push_back(kHexDigits[static_cast<unsigned char>(*stop) & 0xf]);
    }
    p = stop + 1;
  }
  out.push_back('"');
}

}  // namespace tidemark::json
