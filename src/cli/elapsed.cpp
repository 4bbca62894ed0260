#include "src/cli/elapsed.h"

#include <fmt/format.h>

#include <cstdint>

namespace tidemark::cli {

std::string time_since(std::chrono::steady_clock::time_point started) {
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - started;
  if (passed.count() < 60) return fmt::format("{:.1f} s", passed.count());
  const auto seconds = static_cast<std::uint64_t>(passed.count());
  return fmt::format("{} min {} s", seconds / 60, seconds % 60);
}

}  // namespace tidemark::cli
