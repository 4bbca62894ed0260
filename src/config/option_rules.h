// What the text of an option may be, where that is more than a number, a size, a time or a choice. Each is empty if `text`
// will do, else what is wrong with it. Those that concern a type of their own are beside it: channel_pattern.h,
// cors_origin.h, log_place.h, moment.h, server_url.h. Pure; any thread.
#pragma once

#include <string_view>

namespace tidemark {

[[nodiscard]] std::string_view why_no_path(std::string_view text);
[[nodiscard]] std::string_view why_no_host(std::string_view text);
[[nodiscard]] std::string_view why_no_token(std::string_view text);
[[nodiscard]] std::string_view why_no_event(std::string_view text);
[[nodiscard]] std::string_view why_no_start(std::string_view text);
[[nodiscard]] std::string_view why_no_expression(std::string_view text);
[[nodiscard]] std::string_view why_no_place_to_trim(std::string_view text);
[[nodiscard]] std::string_view why_no_key(std::string_view text);
[[nodiscard]] std::string_view why_no_sender(std::string_view text);

}  // namespace tidemark
