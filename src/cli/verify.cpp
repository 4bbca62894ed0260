#include "src/cli/verify.h"

#include <fmt/format.h>

#include <optional>

#include "src/cli/exit_status.h"
#include "src/cli/interruption.h"
#include "src/cli/log_check.h"
#include "src/cli/progress.h"
#include "src/config/data_directory.h"

namespace tidemark::cli {
namespace {

/// Nobody need stop a server for it.
Error advised(const Error& error, const CommandOptions& options) {
  const auto user = error.code == ErrorCode::locked ? DataDirectory::user_of(options.data) : std::nullopt;
  if (!user || user->url.empty()) return error;
  return {error.code,
          fmt::format("data directory {0} is in use by process {1} at {2}, a running server: back its log up and "
                      "verify the copy: tidemark backup --data {0} COPY, then tidemark verify --data COPY",
                      options.data.string(), user->process, user->url)};
}

}  // namespace

int verify(const CommandOptions& options) {
  const auto directory = DataDirectory::look(options.data);
  if (!directory) return complain(advised(directory.error(), options), kExitFailure);
  const auto log = open_on_disk(*directory, options);
  if (!log) return complain(log.error(), kExitFailure);
  note_interruptions();
  const auto verdict = check(*log, "checking");
  if (!verdict) return complain(verdict.error(), kExitFailure);
  if (verdict->stopped) {
    fmt::print(stderr, "tidemark: interrupted\n");
    return kExitInterrupted;
  }
  const auto state = log->store->state();
  if (verdict->clean()) {
    fmt::print("sound: {}, {}, {}, epoch {}\n", counted(verdict->records, "record"), extent(state),
               counted(verdict->segments, "index segment"), state.epoch.text());
    return kExitOk;
  }
  fmt::print("not sound: {} in {}, {}, epoch {}\n", counted(verdict->findings, "finding"),
             counted(verdict->records, "record"), extent(state), state.epoch.text());
  fmt::print(stderr, "tidemark: {}\n",
             verdict->repairable() ? "restore the log from a copy, or see what 'tidemark repair --dry-run' says"
                                   : "a repair would change none of this: records stay as they were written");
  return kExitFailure;
}

}  // namespace tidemark::cli
