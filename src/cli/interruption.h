// Whether somebody wants a long command to stop: ctrl-C, ctrl-\, SIGTERM, or SIGHUP as the terminal went away. Whoever works
// asks now and then and cleans up; a second signal of the kind ends the process at once.
#pragma once

namespace tidemark::cli {

/// From now on the signals are noted instead of ending the process; SIGHUP and SIGQUIT stay ignored where they are (nohup).
void note_interruptions();
/// Any thread.
[[nodiscard]] bool interrupted();

}  // namespace tidemark::cli
