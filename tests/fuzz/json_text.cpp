// The JSON scanner beside a reference parser (nlohmann-json), where that one is right. It differs from JSON.parse, which
// ours follows, in this: it skips a byte order mark, takes a NUL for the end, and refuses lone surrogates and numbers
// that no double holds.
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "protocol/json/json.h"
#include "tests/fuzz/fuzz.h"

namespace tidemark {
namespace {

using Reference = nlohmann::json;

constexpr int kDepth = 1024;

bool is_hex_surrogate(std::string_view digits) {
  return digits.size() == 2 && (digits[0] == 'd' || digits[0] == 'D') && digits[1] >= '8';  // 8, 9 and the letters
}

/// A valid text with what the reference cannot hold taken out: surrogates become another character, numbers get short.
std::string tamed(std::string_view text) {
  std::string out;
  bool in_string = false;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      out += c;
      if (c == '"') in_string = false;
      if (c != '\\') continue;
      out += text[++i];
      if (text[i] == 'u' && is_hex_surrogate(text.substr(i + 1, 2))) {
        out += "0041";
        i += 4;
      }
      continue;
    }
    if (c == '"') in_string = true;
    if (c >= '0' && c <= '9') {
      if (++digits <= 15) out += c;
      continue;
    }
    digits = 0;
    if ((c == 'e' || c == 'E') && i > 0 && text[i - 1] >= '0' && text[i - 1] <= '9') {
      while (i + 1 < text.size() &&
             (text[i + 1] == '+' || text[i + 1] == '-' || (text[i + 1] >= '0' && text[i + 1] <= '9')))
        ++i;
      continue;
    }
    out += c;
  }
  return out;
}

/// The reference recurses; what is nested deep is compared no further.
bool is_flat_enough(std::string_view text) {
  int depth = 0;
  for (const char c : text) depth += c == '[' || c == '{';
  return depth < 500;
}

json::Kind kind_of(const Reference& value) {
  if (value.is_object()) return json::Kind::object;
  if (value.is_array()) return json::Kind::array;
  if (value.is_string()) return json::Kind::string;
  if (value.is_number()) return json::Kind::number;
  return value.is_boolean() ? json::Kind::boolean : json::Kind::null;
}

/// What the stock decoder would do with the placeholders it reaches.
bool reference_placeholders_fit(const Reference& value, std::size_t attachments) {
  if (value.is_object()) {
    const auto mark = value.find("_placeholder");
    if (mark != value.end() && *mark == true) {
      const auto number = value.find("num");
      if (number == value.end() || !number->is_number()) return false;
      const auto at = number->get<double>();
      return at >= 0 && at < static_cast<double>(attachments) && std::trunc(at) == at;
    }
  }
  if (!value.is_structured()) return true;
  for (const auto& one : value)
    if (!reference_placeholders_fit(one, attachments)) return false;
  return true;
}

void check_valid(std::string_view text, const Reference& reference) {
  FUZZ_CHECK(json::kind_of(text) == kind_of(reference));
  if (reference.is_array()) {
    const auto elements = json::split_array(text, kDepth, text.size());
    FUZZ_CHECK(elements && elements->size() == reference.size());
    std::string joined = "[";
    for (const auto element : *elements) {
      FUZZ_CHECK(json::is_valid(element, kDepth));
      joined.append(joined.size() > 1 ? "," : "").append(element);
    }
    FUZZ_CHECK(json::is_valid(joined + "]", kDepth));
  }
  if (reference.is_object()) {
    std::size_t members = 0;
    json::for_each_member(text, [&](std::string_view key, std::string_view value) {
      ++members;
      FUZZ_CHECK(json::is_utf8(key) && json::is_valid(value, kDepth));
      return true;
    });
    FUZZ_CHECK(members >= reference.size());  // the reference keeps the last of doubled ones
  }
  if (reference.is_string()) {
    if (const auto decoded = json::decode_string(text)) {
      FUZZ_CHECK(json::is_utf8(*decoded));
      FUZZ_CHECK(tamed(text) != text || *decoded == reference.get<std::string>());
      std::string encoded;
      json::append_string(encoded, *decoded);
      FUZZ_CHECK(json::decode_string(encoded) == decoded);
      FUZZ_CHECK(Reference::parse(encoded) == *decoded);
    }
  }
  if (reference.is_number()) {
    if (const auto whole = json::decode_integer(text); whole && tamed(text) == text)
      FUZZ_CHECK(reference.get<double>() == static_cast<double>(*whole));
  }
  for (const std::size_t attachments : {std::size_t{0}, std::size_t{2}}) {
    if (json::placeholders_fit(text, attachments) && tamed(text) == text)
      FUZZ_CHECK(reference_placeholders_fit(reference, attachments));
  }
}

void check(std::string_view text) {
  const auto validity = json::check(text, kDepth);
  const bool ours = validity == json::Validity::valid;
  FUZZ_CHECK(ours == json::is_valid(text, kDepth));
  if (json::check(text, 8) == json::Validity::valid) FUZZ_CHECK(ours);
  FUZZ_CHECK(!json::split_array(text, kDepth, text.size()) || ours);
  if (!is_flat_enough(text)) return;
  FUZZ_CHECK(validity != json::Validity::too_deep);
  if (ours) {
    const auto reference = Reference::parse(tamed(text), nullptr, false);
    FUZZ_CHECK(!reference.is_discarded());
    return check_valid(text, reference);
  }
  if (text.starts_with("\xef\xbb\xbf") || text.find('\0') != std::string_view::npos) return;
  FUZZ_CHECK(!Reference::accept(text));
}

}  // namespace
}  // namespace tidemark

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' || c == '\\' || (c >= 0 && c < 0x20) ? 'x' : c;
  quoted += '"';
  FUZZ_CHECK(tidemark::json::is_utf8(text) == nlohmann::json::accept(quoted));
  if (tidemark::json::is_utf8(text)) tidemark::check(text);
  return 0;
}
