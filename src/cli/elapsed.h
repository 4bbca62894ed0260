// How long something took, for who waited for it. Pure but for the clock; any thread.
#pragma once

#include <chrono>
#include <string>

namespace tidemark::cli {

/// "0.3 s", "2 min 5 s"
[[nodiscard]] std::string time_since(std::chrono::steady_clock::time_point started);

}  // namespace tidemark::cli
