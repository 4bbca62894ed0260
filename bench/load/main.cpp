// load: drives one server on this machine and measures what it costs. See bench/README.md.
// Exit status: 0 with a result on stdout, 1 without one, 2 for a wrong command line.
#include <sys/resource.h>

#include <cstdio>
#include <exception>

#include "bench/load/options.h"
#include "bench/load/runs.h"

namespace {

using namespace tidemark::load;

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

Failure run(const Options& options, Report& report) {
  switch (options.mode) {
    case Mode::fanout:
    case Mode::bare: return run_fanout(options, report);
    case Mode::append: return run_append(options, report);
    case Mode::fair: return run_fair(options, report);
    case Mode::slow: return run_slow(options, report);
    case Mode::idle: return run_idle(options, report);
    case Mode::storm: return run_storm(options, report);
  }
  return "no such mode";
}

}  // namespace

int main(int argc, char** argv) try {
  const auto options = parse_options(argc, argv);
  if (!options) return 2;
  raise_descriptor_limit();
  Report report;
  report.text("mode", argv[1]);
  report.text("server", options->label);
  if (const Failure failure = run(*options, report)) {
    std::fprintf(stderr, "load: %s: %s: %s\n", argv[1], options->label.c_str(), failure->c_str());
    return 1;
  }
  std::fprintf(stderr, "%s\n", report.line().c_str());
  std::printf("%s\n", report.json().c_str());
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "load: %s\n", e.what());
  return 1;
}
