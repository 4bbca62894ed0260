// Simulated power loss: the short run. ./dev crash power runs as many cases as one likes.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <string>

#include "tests/crash/disk/engine.h"
#include "tests/crash/disk/power_case.h"

namespace tidemark::crash {
namespace {

/// A failure prints its seed; TIDEMARK_TEST_SEED runs that one again.
struct Seeds {
  std::uint64_t first = std::random_device{}();
  std::uint64_t count;

  explicit Seeds(std::uint64_t cases) : count(cases) {
    if (const char* chosen = std::getenv("TIDEMARK_TEST_SEED")) {
      first = std::strtoull(chosen, nullptr, 10);
      count = 1;
    }
  }
};

PowerTally run(std::string_view engine, Seeds seeds, Flushes flushes) {
  PowerTally sum;
  for (auto seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    const auto result = run_power_case_apart(engine, seed, flushes);
    sum.add(result.tally);
    INFO("TIDEMARK_TEST_SEED=", seed);
    CHECK_MESSAGE(result.failure.empty(), result.failure);
  }
  return sum;
}

}  // namespace

TEST_CASE("after any power cut the log is what was acknowledged, and whole batches beyond it") {
  for (const auto engine : durable_engines()) {
    const auto tally = run(engine, Seeds(12), Flushes::honoured);
    MESSAGE(std::string(engine), ": ", tally.text());
    CHECK(tally.lossy_cuts > 0);
  }
}

TEST_CASE("control: where the disk lies about flushes, acknowledged records are lost, and that is noticed") {
  for (const auto engine : durable_engines()) {
    const auto tally = run(engine, Seeds(12), Flushes::lied_about);
    MESSAGE(std::string(engine), ": ", tally.text());
    CHECK(tally.refused > 0);
    CHECK(tally.shorter == 0);
  }
}

}  // namespace tidemark::crash
