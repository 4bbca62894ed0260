// The rows of the option table (option_table.h), cut by what they are about. Constant data.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "src/base/clock.h"
#include "src/config/command_table.h"
#include "src/config/option.h"

namespace tidemark {

/// Which log is meant, and what is kept of it.
[[nodiscard]] std::span<const Option> log_options();
/// How it is served.
[[nodiscard]] std::span<const Option> server_options();
/// What else the inspector's commands are told.
[[nodiscard]] std::span<const Option> inspector_options();

// --- what several of them are written with ---
inline constexpr std::string_view kLogGroup = "The log";
inline constexpr std::array<std::string_view, 3> kBackends = {"sqlite", "rocksdb", "memory"};
/// The last one, memory, leaves nothing behind.
inline constexpr std::span<const std::string_view> kLastingBackends = std::span(kBackends).first(kBackends.size() - 1);

/// Commands on a log that nobody serves.
inline constexpr CommandSet kOffline = only(CommandId::verify) | only(CommandId::repair) | only(CommandId::trim);
/// Commands on any log, also one that is served.
inline constexpr CommandSet kReading = only(CommandId::tail) | only(CommandId::info) | only(CommandId::channels) |
                                       only(CommandId::get) | only(CommandId::append) | only(CommandId::stats) |
                                       only(CommandId::export_log) | only(CommandId::backup);

[[nodiscard]] constexpr std::uint64_t milliseconds(Millis m) { return static_cast<std::uint64_t>(m.count()); }

}  // namespace tidemark
