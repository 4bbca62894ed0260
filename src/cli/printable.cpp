#include "src/cli/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace tidemark::cli {
namespace {

struct Symbol {
  std::size_t bytes;  // 0: these bytes are no UTF-8
  char32_t code;
};

/// The first character of a text that is not empty (RFC 3629).
Symbol first_of(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {1, lead};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {0, lead};
  char32_t code = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((at(i) & 0xc0) != 0x80) return {0, lead};
    code = (code << 6) | (at(i) & 0x3f);
  }
  if (code < kLeast[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {0, lead};
  return {bytes, code};
}

bool is_tricky(char32_t code) {
  return (code >= 0x80 && code < 0xa0) ||     // C1 controls
         code == 0x061c || code == 0xfeff ||  // Arabic letter mark; byte order mark
         (code >= 0x200b && code <= 0x200f && code != 0x200c && code != 0x200d) ||  // but for the joiners emoji need
         (code >= 0x2028 && code <= 0x202e) ||  // separators; embeddings and overrides
         (code >= 0x2060 && code <= 0x206f) ||  // isolates and others without a shape
         (code >= 0xe0000 && code <= 0xe007f);  // tags
}

void append_control(std::string& out, unsigned char c) {
  switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: fmt::format_to(std::back_inserter(out), "\\x{:02x}", c);
  }
}

bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x7f; }

}  // namespace

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const auto [bytes, code] = first_of(text);
    if (bytes < 2) {
      append_control(out, static_cast<unsigned char>(text.front()));
    } else if (is_tricky(code)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(code));
    } else {
      out.append(text.substr(0, bytes));
    }
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
}

void append_printable_json(std::string& out, std::string_view json) {
  while (!json.empty()) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(json, is_plain) - json.begin());
    out.append(json.substr(0, plain));
    json.remove_prefix(plain);
    if (json.empty()) return;
    const auto [bytes, code] = first_of(json);
    if (bytes == 0) {
      out += "\\ufffd";  // no JSON has it (RFC 8259 section 8.1)
    } else if (code > 0xffff && is_tricky(code)) {
      const auto rest = static_cast<std::uint32_t>(code - 0x10000);
      fmt::format_to(std::back_inserter(out), "\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
    } else if (is_tricky(code) || code == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(code));
    } else {
      out.append(json.substr(0, bytes));
    }
    json.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
}

}  // namespace tidemark::cli
