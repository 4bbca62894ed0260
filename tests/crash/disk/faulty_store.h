// The script of a fault case at the level of LogStore.
#pragma once

#include <filesystem>
#include <string_view>

#include "tests/crash/disk/chronicle.h"
#include "tests/crash/disk/recorder.h"

namespace tidemark::crash {

/// Where the log lies below a disk's root. Its name itself is durable: whoever starts the server makes the directory.
inline constexpr auto kLogDirectory = "log";
/// The remark that names the call that failed begins so.
inline constexpr std::string_view kFaulted = "faulted: ";

/// Works on a new log below `root`, with the fault; throws Violation.
void work_on_faulty_store(std::string_view engine, const std::filesystem::path& root, Fault fault,
                          Chronicle& chronicle);

}  // namespace tidemark::crash
