// Which Socket.IO namespaces are channels of this server. A pattern is a whole name ("/", "/chat/general") or ends in
// "/*", which stands for one or more characters of any kind, further slashes included:
//
//   /chat/*   matches /chat/general and /chat/team/7, but neither /chat nor /chat/
//   /*        matches every namespace but "/"
//
// Pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tidemark {

[[nodiscard]] bool channel_matches(std::string_view pattern, std::string_view name);

/// Whether any of the patterns matches.
[[nodiscard]] bool channel_matches(std::span<const std::string> patterns, std::string_view name);

/// Empty if `pattern` is one, else what is wrong with it ("must start with '/'").
[[nodiscard]] std::string_view why_no_channel_pattern(std::string_view pattern);

}  // namespace tidemark
