// Text of strangers made harmless for a terminal: one line, no escape sequences, no reordering of what is seen.
//
// Control characters become \n, \t or \x1b; those of Unicode that are not to be seen (C1, line and paragraph separators,
// and the ones that turn the direction of writing, "Trojan Source") become \u202e. Everything else stays as it is. Bytes
// that are not UTF-8 become \xff. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tidemark::cli {

void append_printable(std::string& out, std::string_view text);

/// The same of JSON, which says the same afterwards: what is not to be seen becomes an escape of its string, \ud83d\ude00
/// where it takes two. White space between its tokens stays.
void append_printable_json(std::string& out, std::string_view json);

}  // namespace tidemark::cli
