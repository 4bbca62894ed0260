// How a command that prints comes to its end: everything written, and the status that tells how it went.
#pragma once

#include "src/base/error.h"
#include "src/cli/exit_status.h"
#include "src/cli/interruption.h"
#include "src/cli/output.h"

namespace tidemark::cli {

inline int end_with(Output& output, const Result<void>& done) {
  output.flush();
  if (interrupted()) return kExitInterrupted;
  if (!done) return complain(done.error(), exit_status_of(done.error()));
  if (const auto written = output.outcome(); !written) return complain(written.error(), kExitFailure);
  return kExitOk;
}

/// Of a command that prints no data.
inline int end_quietly(const Result<void>& done) {
  if (interrupted()) {
    if (!done) complain({ErrorCode::closed, "interrupted; nothing was changed"}, kExitInterrupted);
    return done ? kExitOk : kExitInterrupted;
  }
  return done ? kExitOk : complain(done.error(), exit_status_of(done.error()));
}

}  // namespace tidemark::cli
