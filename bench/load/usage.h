// What a process has used so far: CPU time of all its threads, those that ended included, user and kernel, from the
// process's CPU clock (clock_getcpuclockid(3); utime + stime in /proc tick only every 10 ms, as long as a whole storm
// takes); resident memory from /proc.
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
