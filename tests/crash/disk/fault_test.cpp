// I/O faults at every call: the short run. ./dev crash faults leaves none out.
#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <string>

#include "tests/crash/disk/engine.h"
#include "tests/crash/disk/fault_sweep.h"

namespace tidemark::crash {
namespace {

/// Every so many calls one fails; which, is drawn anew in each run.
constexpr std::uint64_t kStep = 29;

void sweep_all(Level level) {
  const auto first = 1 + std::random_device{}() % kStep;
  for (const auto engine : durable_engines()) {
    for (const FaultKind& kind : fault_kinds()) {
      const auto tally = sweep(engine, level, kind, {first, kStep});
      CHECK(tally.cases > 0);
      for (const auto& failure : tally.failures) CHECK_MESSAGE(false, failure);
    }
  }
}

}  // namespace

TEST_CASE("whichever I/O call fails, the store acknowledges nothing that is not durable, and comes back") {
  sweep_all(Level::store);
}

TEST_CASE("whichever I/O call fails, the log acknowledges nothing that is not durable, and knows every key again") {
  sweep_all(Level::log);
}

}  // namespace tidemark::crash
