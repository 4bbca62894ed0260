// Runs simulations: ten thousand seeds by default. A seed that fails is run again with a trace and printed.
//
//   sim-tests [--seeds N] [--seed FIRST] [--steps N]
//   TIDEMARK_SIM_SEED=N sim-tests      exactly that one, with its trace
#include <fmt/format.h>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/journal.h"
#include "tests/sim/world.h"

namespace tidemark::sim {
namespace {

struct Arguments {
  std::uint64_t seeds = 10'000;
  std::uint64_t first = 1;
  std::size_t steps = 500;
  bool one = false;
};

std::optional<Arguments> read_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--seeds") {
      arguments.seeds = value;
    } else if (name == "--seed") {
      arguments.first = value;
    } else if (name == "--steps") {
      arguments.steps = static_cast<std::size_t>(value);
    } else {
      return std::nullopt;
    }
  }
  if (argc % 2 == 0) return std::nullopt;
  if (const char* const seed = std::getenv("TIDEMARK_SIM_SEED"); seed != nullptr && *seed != '\0') {
    arguments.first = std::strtoull(seed, nullptr, 10);
    arguments.seeds = 1;
    arguments.one = true;
  }
  return arguments;
}

std::uint64_t seed_at_work = 0;

/// An assertion that fails, or worse, must not hide its seed.
void on_fatal_signal(int signal) {
  char text[] = "\nthe simulation dies with seed 00000000000000000000\n";
  std::uint64_t seed = seed_at_work;
  for (char* digit = text + sizeof text - 3; *digit == '0'; --digit, seed /= 10)
    *digit = static_cast<char>('0' + seed % 10);
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, text, sizeof text - 1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void report_fatal_signals() {
  static std::array<char, 64 * 1024> stack;  // the usual one may be what ran out
  const stack_t alternative{.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
  ::sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS}) ::sigaction(signal, &action, nullptr);
}

/// What went wrong; empty if nothing did.
std::string run(std::uint64_t seed, std::size_t steps, bool traced) {
  seed_at_work = seed;
  World world(seed, traced);
  std::string violation;
  try {
    world.run(steps);
  } catch (const Violation& found) {
    violation = found.what();
  }
  for (const std::string& line : world.trace().lines()) fmt::print("{}\n", line);
  return violation;
}

int run_all(const Arguments& arguments) {
  journal::set_level(journal::Level::none);
  report_fatal_signals();
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.seeds; ++seed) {
    std::string violation = run(seed, arguments.steps, arguments.one);
    if (violation.empty()) continue;
    if (!arguments.one) violation = run(seed, arguments.steps, true);
    fmt::print("seed {}: {}\nrepeat with TIDEMARK_SIM_SEED={} ./dev sim --steps {}\n", seed, violation, seed,
               arguments.steps);
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("{} seeds from {} on, {} steps each, in {:.1f} s\n", arguments.seeds, arguments.first, arguments.steps,
             took.count());
  return 0;
}

}  // namespace
}  // namespace tidemark::sim

int main(int argc, char** argv) {
  const auto arguments = tidemark::sim::read_arguments(argc, argv);
  if (!arguments) {
    fmt::print("usage: sim-tests [--seeds N] [--seed FIRST] [--steps N]\n");
    return 2;
  }
  return tidemark::sim::run_all(*arguments);
}
