// JSON as the wire needs it: validated with bounded depth and split into slices, never rebuilt. Payloads pass through
// byte for byte (number spelling, key order, escapes), so there is no document tree here. Grammar: RFC 8259, which is
// also what JSON.parse accepts: a payload that passes here cannot break a subscriber's parser.
// Input must already be valid UTF-8. No recursion; no allocation but for the results and for keys with escapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/function_ref.h"

namespace tidemark::json {

enum class Kind : std::uint8_t { object, array, string, number, boolean, null };

/// Exactly one JSON value with optional blanks around it, nested at most `max_depth` arrays and objects deep
/// (a scalar has depth 0, `[]` depth 1). More than 1024 levels are never valid, whatever `max_depth` says.
[[nodiscard]] bool is_valid(std::string_view text, int max_depth);

/// The same, and tells what is no JSON from what goes too deep: the latter is valid up to where it does, and not looked
/// at behind that.
enum class Validity : std::uint8_t { valid, invalid, too_deep };
[[nodiscard]] Validity check(std::string_view text, int max_depth);

/// Kind of a valid value, judged by its first byte after blanks.
[[nodiscard]] Kind kind_of(std::string_view valid_value);

/// Validates `text` as an array and gives the exact bytes of each element (blanks around it removed).
/// Nothing if it is no valid array, too deep or has more than `max_elements`.
[[nodiscard]] std::optional<std::vector<std::string_view>> split_array(std::string_view text, int max_depth,
                                                                       std::size_t max_elements);

/// Visits the members of a valid object in order: the decoded key and the exact bytes of the value. False ends the
/// visit. Where a key stands twice, JSON.parse keeps the last one; so must the caller. Keys that are not valid Unicode
/// once decoded (lone surrogates) are visited with U+FFFD in their place.
void for_each_member(std::string_view valid_object,
                     FunctionRef<bool(std::string_view key, std::string_view value)> visit);

/// The text of a valid JSON string, escapes decoded to UTF-8. Nothing for other kinds and for lone surrogates.
[[nodiscard]] std::optional<std::string> decode_string(std::string_view valid_value);

/// A valid number that is a whole one (17, 17.0 and 1.7e1 all are) with |value| < 2^53. Nothing otherwise.
[[nodiscard]] std::optional<std::int64_t> decode_integer(std::string_view valid_value);

/// Appends `utf8` as a JSON string with its quotes. Escapes only what RFC 8259 section 7 demands.
void append_string(std::string& out, std::string_view utf8);

/// Whether every object in a valid value that the stock decoder would take for an attachment's placeholder
/// (a member `_placeholder` that is true, however its key is escaped; the last of doubled keys counts) has a whole
/// `num` from 0 to `attachments` - 1. One that lies would throw in every subscriber's decoder. Objects the decoder
/// never reaches (inside a placeholder, behind a doubled key) must fit too: no client makes them.
[[nodiscard]] bool placeholders_fit(std::string_view valid_value, std::size_t attachments);

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view bytes);

}  // namespace tidemark::json
