// The SQLite engine for those who only look: 'tidemark verify' and 'tidemark repair'.
//
// Nothing on the disk changes, not even the files beside the database that SQLite makes for readers: without a
// write-ahead log the file is opened as immutable; with one it is read through an index of the log in memory. Nobody
// may write meanwhile; whoever opens the store has made sure of that.
#pragma once

#include <filesystem>
#include <memory>

#include "src/base/error.h"
#include "src/log/log_store.h"

namespace tidemark::sqlite {

/// Opens as much of the log as SQLite recovers. Damage of the table meta is not in the way: verify() names it.
[[nodiscard]] Result<std::unique_ptr<LogStore>> open_read_only(const std::filesystem::path& file);

}  // namespace tidemark::sqlite
