// Putting a repaired log in the place of the damaged one, so that a crash at any moment leaves one of the two, whole.
//
// A log is several files, and no rename moves several at once. So one rename decides, and everything after it can be
// done again from the start:
//
//   DATA/repair.unfinished/   the new log is being written; whoever opens the directory next removes it
//   DATA/repair.ready/        decided, by renaming the one above. The files of the old log move to DATA/repair.old/
//   DATA/repair.placing/      all of them did, said by renaming again. The new files move to DATA
//   DATA/damaged-<time>/      the old log, kept: repair.old under its last name
//
// Every program that opens the directory to write finishes a swap that it finds under way, before it looks for a log.
// Called under the directory's lock; one thread.
#pragma once

#include <filesystem>
#include <optional>

#include "src/base/error.h"

namespace tidemark {

/// An empty DATA/repair.unfinished. What an interrupted repair left there is removed.
[[nodiscard]] Result<std::filesystem::path> begin_new_log(const std::filesystem::path& data);
/// Removes it again, with what is in it.
[[nodiscard]] Result<void> drop_new_log(const std::filesystem::path& data);

/// Flushes the new log and puts it in place. Answers where the old one is kept.
[[nodiscard]] Result<std::filesystem::path> swap_logs(const std::filesystem::path& data);

/// A swap was decided and not finished.
[[nodiscard]] bool swap_is_pending(const std::filesystem::path& data);
/// Finishes it, and removes a new log that was not. Answers where the old log is kept, if there was a swap.
[[nodiscard]] Result<std::optional<std::filesystem::path>> finish_swap(const std::filesystem::path& data);

}  // namespace tidemark
