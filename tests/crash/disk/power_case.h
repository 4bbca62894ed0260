// One case of simulated power loss: a log that lives through several crashes.
//
// Each generation opens the log on the simulated disk, checks it, works on it and closes it, all recorded. Then the
// power is cut at several places of the recording, each with another choice of what survives, and what is left is opened
// and checked. The last cut's remains are the next generation's disk. Between two generations there may also be a mere
// kill -9, which leaves the kernel's cache as it is: what was not flushed before it can still be lost by the next cut.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/crash/disk/simulated_disk.h"

namespace tidemark::crash {

struct PowerTally {
  std::uint64_t cuts = 0;        // power cuts whose remains were opened and checked
  std::uint64_t kills = 0;       // kill -9 between two generations
  std::uint64_t lossy_cuts = 0;  // cuts that had something unflushed to lose
  std::uint64_t in_append = 0;   // cuts while an append was under way
  std::uint64_t in_trim = 0;
  std::uint64_t in_creation = 0;     // before opening had returned for the first time
  std::uint64_t under_way_kept = 0;  // what was under way was there, whole
  std::uint64_t records = 0;         // acknowledged and checked, summed over the cuts
  // Control group only, of the cuts that lost something acknowledged: opening refused what was left; nothing was left, so
  // that another log was begun; records were gone and it opened; or it opened and a check told (a trim undone, damage).
  std::uint64_t refused = 0, begun_anew = 0, shorter = 0, told_by_check = 0;

  void add(const PowerTally& other);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static PowerTally parse(const std::string& text);
};

enum class Flushes : std::uint8_t {
  honoured,
  lied_about,  // the control group: the disk answers success and does nothing, but for the head floor
};

/// Runs the case; throws Violation.
[[nodiscard]] PowerTally run_power_case(std::string_view engine, std::uint64_t seed, Flushes flushes);

/// The same in a process of its own. `failure` is empty or says what went wrong.
struct PowerResult {
  PowerTally tally;
  std::string failure;
};
[[nodiscard]] PowerResult run_power_case_apart(std::string_view engine, std::uint64_t seed, Flushes flushes);

}  // namespace tidemark::crash
