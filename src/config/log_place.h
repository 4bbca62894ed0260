// A log by engine and directory, as `tidemark migrate` takes it: "sqlite:tidemark-data". Pure functions; any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

struct LogPlace {
  std::string engine;  // one that outlives the process
  std::filesystem::path directory;
};

[[nodiscard]] std::optional<LogPlace> parse_log_place(std::string_view text);

/// Empty if `text` is one, else what is wrong with it.
[[nodiscard]] std::string_view why_no_log_place(std::string_view text);

}  // namespace tidemark
