// Where the log is that a command was told to look into: with the server that --url names, in the directory that --data
// names, or with the server that uses that directory.
#pragma once

#include <functional>
#include <memory>

#include "src/base/error.h"
#include "src/cli/log_reader.h"
#include "src/cli/server_reader.h"
#include "src/config/options.h"
#include "src/config/server_url.h"

namespace tidemark::cli {

/// Errors, each with what to do: invalid_argument (both --url and --data), those of DataDirectory::look, of the store
/// and of the server. `waits` is the server reader's.
[[nodiscard]] Result<std::unique_ptr<LogReader>> open_log(const CommandOptions& options,
                                                          std::function<bool()> waits = {});

/// Whether an address was said rather than a directory; of both, what was said nearer to the call.
[[nodiscard]] Result<bool> is_by_url(const CommandOptions& options);

/// The same, but only of a running server: for who waits for one, or found the directory locked. Takes no lock.
/// not_found: no server uses the directory.
[[nodiscard]] Result<std::unique_ptr<ServerReader>> open_live_log(const CommandOptions& options,
                                                                  std::function<bool()> waits = {});
/// The address of that server.
[[nodiscard]] Result<ServerUrl> live_url(const CommandOptions& options);

}  // namespace tidemark::cli
