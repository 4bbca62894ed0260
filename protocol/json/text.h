// Strings between their JSON form and UTF-8. Internal to protocol/json.
#pragma once

#include <string>
#include <string_view>

namespace tidemark::json {

/// Appends the text of a valid string whose quotes were taken off, escapes decoded to UTF-8. A surrogate without its
/// other half becomes U+FFFD. Returns whether there was none.
bool append_decoded(std::string& out, std::string_view valid_inside);

}  // namespace tidemark::json
