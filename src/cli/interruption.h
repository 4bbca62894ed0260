// Whether somebody wants a long command to stop: ctrl-C or SIGTERM. Whoever works asks now and then and cleans up; a
// second signal ends the process at once.
#pragma once

namespace tidemark::cli {

/// From now on the signals are noted instead of ending the process.
void note_interruptions();
/// Any thread.
[[nodiscard]] bool interrupted();

}  // namespace tidemark::cli
