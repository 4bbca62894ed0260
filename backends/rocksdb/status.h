// RocksDB's statuses as our errors.
#pragma once

#include <rocksdb/status.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "src/base/error.h"

namespace tidemark::rocks {

/// The bytes asked for are not what was written, or in no file any more: nothing that trying again would change.
[[nodiscard]] bool is_damage(const rocksdb::Status& status);

/// The name of the table that a status says is not there, or "a file".
[[nodiscard]] std::string missing_file(const rocksdb::Status& status);

/// The error for a status that is not ok: no space -> out_of_space, damage -> corrupt, the lock is taken -> locked,
/// anything else -> io. `doing` is a verb: "append to".
[[nodiscard]] std::unexpected<Error> failure(const rocksdb::Status& status, std::string_view doing,
                                             const std::filesystem::path& directory);

}  // namespace tidemark::rocks
