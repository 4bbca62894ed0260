// What ./dev crash runs for as long as one likes: many cases, a summary, the seeds of those that failed.
#pragma once

#include <string_view>
#include <vector>

namespace tidemark::crash {

/// `arguments` begin with the name of the run. Answers the exit code: 0 if nothing failed, 2 for wrong arguments.
[[nodiscard]] int long_run(std::vector<std::string_view> arguments);

}  // namespace tidemark::crash
