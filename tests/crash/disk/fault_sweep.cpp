#include "tests/crash/disk/fault_sweep.h"

#include <fmt/format.h>

namespace tidemark::crash {

SweepTally sweep(std::string_view engine, Level level, const FaultKind& kind, std::uint64_t first, std::uint64_t step) {
  SweepTally tally;
  for (auto nth = first;; nth += step) {
    const auto result = run_fault_case(engine, level, kind, nth);
    if (!result.failure.empty()) {
      tally.failures.push_back(fmt::format("{} {}, {}, call {} ({}): {}", engine,
                                           level == Level::store ? "store" : "log", kind.name, nth,
                                           result.faulted.empty() ? result.death : result.faulted, result.failure));
    }
    // A failure may hide that the fault was reached; the script is short, so a case too many costs nothing.
    if (!result.reached && result.failure.empty()) return tally;
    if (tally.failures.size() > 1'000) return tally;
    ++tally.cases;
    if (result.seen.empty() && result.death.empty()) ++tally.seen["nothing"];
    for (const auto& what : result.seen) ++tally.seen[what];
    if (!result.death.empty()) ++tally.deaths[result.death];
  }
}

}  // namespace tidemark::crash
