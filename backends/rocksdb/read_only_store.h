// The RocksDB engine for those who only look: 'tidemark verify' and 'tidemark repair'.
//
// Nothing on the disk changes: no lock, no notes of RocksDB's own, no write-ahead log moved into tables. What is in the
// write-ahead log is read into memory. Nobody may write meanwhile; whoever opens the store has made sure of that.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "src/base/error.h"
#include "src/log/log_store.h"

namespace rocksdb {
class Env;
}

namespace tidemark::rocks {

/// Opens as much of the log as can be read: what a write-ahead log holds on both sides of its damage, and all tables but
/// those that are. verify() names what is in the way of opening it as a server does. Errors: those of a database whose
/// list of files is damaged. `damage` is what was found before.
[[nodiscard]] Result<std::unique_ptr<LogStore>> open_read_only(const std::filesystem::path& directory,
                                                               rocksdb::Env* env, std::optional<Error> damage = {});

}  // namespace tidemark::rocks
