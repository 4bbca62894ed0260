// Verification as the commands show it: of the log of a data directory that no server uses, with what is known of the
// log beside the engine's files, and its findings as lines.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/config/data_directory.h"
#include "src/config/options.h"
#include "src/log/log_store.h"
#include "src/log/verify.h"

namespace tidemark::cli {

/// A log that is only looked at.
struct LogOnDisk {
  std::string engine;
  std::unique_ptr<LogStore> store;
  VerifyOptions known;          // its holes and its head floor
  std::vector<Finding> beside;  // what is wrong with the files that say so
};

/// The engine of the log in the directory, as --backend or its files say. Errors: those of DataDirectory::engine_of_log;
/// where records were acknowledged once and no log is there any more, `corrupt` with what is missing.
[[nodiscard]] Result<std::string_view> engine_on_disk(const DataDirectory& directory, const CommandOptions& options);

/// `directory` is locked by the caller. Errors: those of opening, with the advice that fits one who wants to look.
[[nodiscard]] Result<LogOnDisk> open_on_disk(const DataDirectory& directory, const CommandOptions& options);

/// The log that a command has just made in `directory`, of whose offsets `holes` are known to be left out: read from the disk
/// again, to be checked.
[[nodiscard]] Result<LogOnDisk> open_new_log(const std::string& engine, const std::filesystem::path& directory,
                                             const Holes& holes);

/// Verifies and prints each finding as a line on standard output, at most limits::kFindingsShown of them and then how
/// many more there were. `doing` is what the progress line says; `visit` sees every record that can be read.
[[nodiscard]] Result<Verdict> check(
    const LogOnDisk& log, std::string_view doing,
    FunctionRef<void(const RecordView&)> visit = [](const RecordView&) {});

/// "offsets 1 to 12345", "offset 1", or "no record".
[[nodiscard]] std::string extent(const StoreState& state);
/// "13, 17 to 18 and 5 more stretches"
[[nodiscard]] std::string list(const Holes& holes);

}  // namespace tidemark::cli
