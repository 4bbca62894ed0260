#include "bench/load/usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace tidemark::load {

Usage usage_of(pid_t pid) {
  Usage usage;
  if (pid == 0) return usage;
  const std::string folder = "/proc/" + std::to_string(pid);

  std::ifstream stat_file(folder + "/stat");
  std::string stat((std::istreambuf_iterator<char>(stat_file)), {});
  if (const auto name_end = stat.rfind(')'); name_end != stat.npos) {
    std::istringstream fields(stat.substr(name_end + 1));
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;  // proc(5): utime is field 14, stime 15
    double user = 0, kernel = 0;
    fields >> user >> kernel;
    usage.cpu_s = (user + kernel) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }

  std::ifstream status(folder + "/status");
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
