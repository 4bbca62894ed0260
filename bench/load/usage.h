// What a process has used so far, as the kernel counts it in /proc: CPU time of all its threads, user and kernel, and
// resident memory. The clock ticks in hundredths of a second, so measure over seconds.
#pragma once

#include <sys/types.h>

namespace tidemark::load {

struct Usage {
  double cpu_s = 0;
  double rss_kb = 0;
  double rss_peak_kb = 0;
};

/// Zeros for pid 0 and for a process that is not there.
[[nodiscard]] Usage usage_of(pid_t pid);
[[nodiscard]] Usage own_usage();

}  // namespace tidemark::load
