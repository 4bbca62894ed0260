// `tidemark serve`: options, data directory, store, log, server, signals. Main's thread.
#pragma once

#include <span>
#include <string_view>

namespace tidemark::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

/// `arguments` are those after the word `serve`. Returns the exit status.
[[nodiscard]] int serve(std::span<const std::string_view> arguments);

}  // namespace tidemark::cli
