// What of the log the API could not read is noted where it is for clients that follow a channel (read_failures.h): an
// operator is told of it once, whoever met it first. I/O thread of the stream.
#pragma once

#include <string>

#include "src/base/journal.h"
#include "src/server/api/parameters.h"
#include "src/server/service.h"

namespace tidemark {

/// `error` goes to the client; what is not about reading (another status than 500) is none.
inline void note_read_failure(Service& service, const ApiError& error) {
  if (error.status != 500) return;
  const Error failure{.code = ErrorCode::io, .context = error.message, .record = error.record};
  if (const auto times = service.read_failures.note(failure, service.clock.wall(), service.clock.steady())) {
    journal::error("read_failed", {{"error", error.message}, {"times", *times}});
  }
}

}  // namespace tidemark
