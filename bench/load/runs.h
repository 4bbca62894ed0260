// The modes of the generator. Each fills the report; nothing comes back, or the reason why there is no result.
#pragma once

#include <optional>
#include <string>

#include "bench/load/options.h"
#include "bench/load/report.h"

namespace tidemark::load {

using Failure = std::optional<std::string>;

/// Also `bare`: the same load, on a server that does nothing but send().
[[nodiscard]] Failure run_fanout(const Options& options, Report& report);
[[nodiscard]] Failure run_append(const Options& options, Report& report);
[[nodiscard]] Failure run_fair(const Options& options, Report& report);
[[nodiscard]] Failure run_slow(const Options& options, Report& report);
[[nodiscard]] Failure run_idle(const Options& options, Report& report);
[[nodiscard]] Failure run_storm(const Options& options, Report& report);

}  // namespace tidemark::load
