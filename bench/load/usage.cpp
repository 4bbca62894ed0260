#include "bench/load/usage.h"

#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace tidemark::load {

Usage usage_of(pid_t pid) {
  Usage usage;
  if (pid == 0) return usage;
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &used) == 0) {
    usage.cpu_s = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
  }

  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    std::istringstream fields(line);
    std::string name;
    fields >> name;
    if (name == "VmRSS:") fields >> usage.rss_kb;
    if (name == "VmHWM:") fields >> usage.rss_peak_kb;
  }
  return usage;
}

Usage own_usage() { return usage_of(getpid()); }

}  // namespace tidemark::load
