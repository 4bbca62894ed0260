// Whether somebody wants a view to stop for now: ctrl-Z. Whoever has changed the terminal asks now and then, gives it back and
// stops; a second ctrl-Z before that stops the process at once.
#pragma once

namespace tidemark::cli {

/// From now on ctrl-Z is noted instead of stopping the process, unless it is ignored.
void note_suspensions();
/// Any thread.
[[nodiscard]] bool suspension_wanted();
/// Stops the process. Back when it is continued, in the foreground or not.
void suspend();

}  // namespace tidemark::cli
