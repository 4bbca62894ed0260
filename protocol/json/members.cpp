#include "protocol/json/json.h"
#include "protocol/json/scan.h"
#include "protocol/json/text.h"

namespace tidemark::json {

namespace {

/// A member name as it is compared: the raw bytes unless it has escapes.
std::string_view decoded_key(std::string_view raw, std::string& scratch) {
  if (raw.find('\\') == std::string_view::npos) return raw;
  scratch.clear();
  append_decoded(scratch, raw);
  return scratch;
}

struct Key {
  std::string_view raw;  // without quotes
  const char* value;     // where the value's blanks begin
};

/// The member name at `p` (its opening quote) of a valid object; nothing if there is none after all.
std::optional<Key> key_at(const char* p, const char* end) {
  if (p == end || *p != '"') return std::nullopt;
  const char* const after = skip_string(p + 1, end);
  if (after == nullptr) return std::nullopt;
  const char* const colon = skip_blanks(after, end);
  if (colon == end) return std::nullopt;
  return Key{{p + 1, static_cast<std::size_t>(after - p - 2)}, skip_blanks(colon + 1, end)};
}

}  // namespace

void for_each_member(std::string_view valid_object,
                     FunctionRef<bool(std::string_view key, std::string_view value)> visit) {
  const char* const end = valid_object.data() + valid_object.size();
  const char* p = skip_blanks(valid_object.data(), end);
  if (p == end || *p != '{') return;
  std::string scratch;
  while (p != end && *p != '}') {
    const auto key = key_at(skip_blanks(p + 1, end), end);  // after '{' or ','
    if (!key) return;                                       // {}
    const char* const after = skip_value(key->value, end, kDepthCeiling);
    if (after == nullptr) return;
    const std::string_view value(key->value, static_cast<std::size_t>(after - key->value));
    if (!visit(decoded_key(key->raw, scratch), value)) return;
    p = skip_blanks(after, end);
  }
}

// One pass over the text. Strings that are values are stepped over whole; a member's value is looked at when its key is
// seen and then scanned like everything else. `__proto__` is a key like any other: JSON.parse makes it an own member,
// and the stock decoder descends into it.
bool placeholders_fit(std::string_view valid_value, std::size_t attachments) {
  LevelBits is_object;
  LevelBits is_placeholder;
  LevelBits has_number;
  std::string scratch;
  int depth = 0;
  bool key_next = false;
  const char* const end = valid_value.data() + valid_value.size();
  for (const char* p = valid_value.data(); p != end;) {
    switch (*p) {
      case '{':
      case '[':
        if (depth == kDepthCeiling) return false;
        is_object.set(depth, *p == '{');
        is_placeholder.set(depth, false);
        has_number.set(depth, false);
        ++depth;
        key_next = *p == '{';
        ++p;
        break;
      case '}':
      case ']':
        if (depth == 0) return false;
        --depth;
        if (is_placeholder.get(depth) && !has_number.get(depth)) return false;
        key_next = false;
        ++p;
        break;
      case ',':
        key_next = depth > 0 && is_object.get(depth - 1);
        ++p;
        break;
      case '"': {
        if (!key_next) {
          p = skip_string(p + 1, end);
          if (p == nullptr) return false;
          break;
        }
        key_next = false;
        const auto key = key_at(p, end);
        if (!key) return false;
        p = key->value;
        const auto name = decoded_key(key->raw, scratch);
        if (name == "_placeholder") {
          is_placeholder.set(depth - 1, p != end && *p == 't');
        } else if (name == "num") {
          const auto number =
              decode_integer({p, static_cast<std::size_t>(end - p)});  // stops by itself where the number ends
          has_number.set(depth - 1, number && *number >= 0 && static_cast<std::uint64_t>(*number) < attachments);
        }
        break;
      }
      default: ++p;
    }
  }
  return true;
}

}  // namespace tidemark::json
