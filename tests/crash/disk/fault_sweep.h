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

/// Which calls fail, one at a time: first, first + step, ... With a step of 0 only the first.
struct Calls {
  std::uint64_t first = 1;
  std::uint64_t step = 1;
};
[[nodiscard]] SweepTally sweep(std::string_view engine, Level level, const FaultKind& kind, Calls calls);

}  // namespace tidemark::crash
