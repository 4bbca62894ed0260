// Fields that many answers begin with, "Name: value\r\n" each.
#pragma once

#include <string_view>

namespace tidemark {

inline constexpr std::string_view kTextPlain = "Content-Type: text/plain; charset=utf-8\r\n";
inline constexpr std::string_view kNoStore = "Cache-Control: no-store\r\n";

}  // namespace tidemark
