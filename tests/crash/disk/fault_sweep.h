// All I/O faults of one kind: the 1st call fails, then the 2nd, and so on until the script runs without reaching it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/crash/disk/fault_case.h"

namespace tidemark::crash {

struct SweepTally {
  std::uint64_t cases = 0;                      // whose fault was reached
  std::map<std::string, std::uint64_t> seen;    // what the store answered: in how many cases
  std::map<std::string, std::uint64_t> deaths;  // how the process ended at the fault: in how many cases
  std::vector<std::string> failures;
};

/// `step` and `first` thin it out: first, first + step, ...
[[nodiscard]] SweepTally sweep(std::string_view engine, Level level, const FaultKind& kind, std::uint64_t first,
                               std::uint64_t step);

}  // namespace tidemark::crash
