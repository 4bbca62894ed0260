// The script of a fault case at the level of Log: the sequencer, dedupe, the index and the acknowledgements.
#pragma once

#include <filesystem>
#include <string_view>

#include "tests/crash/disk/chronicle.h"
#include "tests/crash/disk/recorder.h"

namespace tidemark::crash {

/// Works on a new log below `root`, with the fault; throws Violation.
void work_on_faulty_log(std::string_view engine, const std::filesystem::path& root, Fault fault, Chronicle& chronicle);

}  // namespace tidemark::crash
