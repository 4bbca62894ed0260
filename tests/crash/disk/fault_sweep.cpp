#include "tests/crash/disk/fault_sweep.h"

#include <fmt/format.h>

namespace tidemark::crash {
namespace {

/// Something is broken altogether.
constexpr std::size_t kFailuresMax = 100;

}  // namespace

SweepTally sweep(std::string_view engine, Level level, const FaultKind& kind, Calls calls) {
  SweepTally tally;
  for (auto nth = calls.first;; nth += calls.step) {
    const auto result = run_fault_case(engine, level, kind, nth);
    if (!result.failure.empty()) {
      tally.failures.push_back(fmt::format("./dev crash faults --backend {} --level {} --kind \"{}\" --call {}: {}: {}",
                                           engine, name(level), kind.name, nth,
                                           result.faulted.empty() ? result.death : result.faulted, result.failure));
    }
    // A failure may hide that the fault was reached; the script is short, so a case too many costs nothing.
    if (!result.reached && result.failure.empty()) return tally;
    ++tally.cases;
    if (result.seen.empty() && result.death.empty()) ++tally.seen["nothing"];
    for (const auto& what : result.seen) ++tally.seen[what];
    if (!result.death.empty()) ++tally.deaths[fmt::format("{}, at {}", result.death, result.faulted)];
    if (calls.step == 0 || tally.failures.size() > kFailuresMax) return tally;
  }
}

}  // namespace tidemark::crash
