#include "tests/crash/disk/long_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <string>

#include "tests/crash/disk/engine.h"
#include "tests/crash/disk/fault_sweep.h"
#include "tests/crash/disk/power_case.h"

namespace tidemark::crash {
namespace {

constexpr std::uint64_t kFailuresListed = 20;

constexpr auto kHelp = "see ./dev crash --help\n";

struct Options {
  std::string engine;  // empty: every durable one
  std::uint64_t cases = 100;
  std::uint64_t seed = std::random_device{}();
  std::uint64_t step = 1;
  std::optional<std::uint64_t> call;  // this one only
  std::string kind, level;            // empty: each
  bool lying = false;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Nothing: something is wrong with them.
std::optional<Options> parse(const std::vector<std::string_view>& arguments) {
  Options options;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i] == "--lying") {
      options.lying = true;
      continue;
    }
    if (i + 1 == arguments.size()) return std::nullopt;
    const auto option = arguments[i];
    const auto value = arguments[++i];
    if (option == "--backend") {
      const auto engines = durable_engines();
      if (std::ranges::find(engines, value) == engines.end()) return std::nullopt;
      options.engine = value;
    } else if (option == "--kind") {
      options.kind = value;
    } else if (option == "--level") {
      options.level = value;
    } else {
      const auto parsed = number(value);
      if (!parsed) return std::nullopt;
      if (option == "--cases") {
        options.cases = *parsed;
      } else if (option == "--seed") {
        options.seed = *parsed;
      } else if (option == "--call") {
        options.call = *parsed;
      } else if (option == "--step" && *parsed > 0) {
        options.step = *parsed;
      } else {
        return std::nullopt;
      }
    }
  }
  return options;
}

bool power(std::string_view engine, const Options& options) {
  const auto flushes = options.lying ? Flushes::lied_about : Flushes::honoured;
  PowerTally sum;
  std::uint64_t failures = 0;
  for (std::uint64_t i = 0; i < options.cases; ++i) {
    const auto result = run_power_case_apart(engine, options.seed + i, flushes);
    sum.add(result.tally);
    if (!result.failure.empty() && ++failures <= kFailuresListed) fmt::print("  {}\n", result.failure);
    if ((i + 1) % 500 == 0) fmt::print("  {} cases, {} cuts, {} failures\n", i + 1, sum.cuts, failures);
    std::fflush(stdout);
  }
  fmt::print("{}: simulated power loss on {}, {} cases from seed {}: {} failures\n  {}\n",
             failures == 0 ? "PASS" : "FAIL", engine, options.cases, options.seed, failures, sum.text());
  return failures == 0;
}

bool faults(std::string_view engine, const Options& options) {
  const auto calls = options.call ? Calls{*options.call, 0} : Calls{1 + options.seed % options.step, options.step};
  bool passed = true;
  for (const auto level : {Level::store, Level::log}) {
    if (!options.level.empty() && options.level != name(level)) continue;
    for (const FaultKind& kind : fault_kinds()) {
      if (!options.kind.empty() && options.kind != kind.name) continue;
      const auto tally = sweep(engine, level, kind, calls);
      fmt::print("{}: {} on {}, {}: {} calls from {} by {}, {} failures\n", tally.failures.empty() ? "PASS" : "FAIL",
                 kind.name, engine, name(level), tally.cases, calls.first, calls.step, tally.failures.size());
      for (const auto& [what, count] : tally.seen) fmt::print("  {} x {}\n", count, what);
      for (const auto& [death, count] : tally.deaths) fmt::print("  {} x {}\n", count, death);
      for (std::size_t i = 0; i < tally.failures.size() && i < kFailuresListed; ++i) {
        fmt::print("  {}\n", tally.failures[i]);
      }
      std::fflush(stdout);
      passed = passed && tally.failures.empty();
    }
  }
  return passed;
}

}  // namespace

int long_run(std::vector<std::string_view> arguments) {
  const auto options = parse(arguments);
  const bool is_power = arguments.front() == "power";
  if (!options || (!is_power && arguments.front() != "faults")) {
    fmt::print(stderr, "{}", kHelp);
    return 2;
  }
  bool passed = true;
  for (const auto engine : durable_engines()) {
    if (options->engine.empty() || options->engine == engine) {
      passed = (is_power ? power(engine, *options) : faults(engine, *options)) && passed;
    }
  }
  return passed ? 0 : 1;
}

}  // namespace tidemark::crash
