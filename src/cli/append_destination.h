// Where `tidemark append` puts records: into the log of a directory nobody serves (directory_destination.h), or to a running
// server (server_destination.h). One thread.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/error.h"
#include "src/base/offset.h"

namespace tidemark::cli {

/// One record to come.
struct Message {
  std::string key, payload;
  std::uint64_t line = 0;  // of the input; 0: it is alone
};

/// One that is durable.
struct Stored {
  Offset offset;
  bool duplicate = false;  // it had been stored before, with the same key
};

/// Behind the name of a line that is not stored: of those behind it that were sent before its fate was known.
[[nodiscard]] inline std::string lines_behind_text(std::uint64_t stored) {
  if (stored == 0) return {};
  return fmt::format(" ({} of the lines behind it were under way and are stored)", stored);
}

class AppendDestination {
 public:
  AppendDestination() = default;
  AppendDestination(const AppendDestination&) = delete;
  AppendDestination& operator=(const AppendDestination&) = delete;
  virtual ~AppendDestination() = default;

  /// Takes a message; it is stored in the order of the messages, perhaps later. After an error nothing more is taken.
  [[nodiscard]] virtual Result<void> put(Message message) = 0;
  /// Waits until everything that was put is stored. An error may be about any of it.
  [[nodiscard]] virtual Result<void> settle() = 0;
  /// What was stored and not told yet, in order; also after an error.
  [[nodiscard]] virtual std::vector<Stored> told() = 0;
};

}  // namespace tidemark::cli
