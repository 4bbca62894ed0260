// The directory of the database: what it is called, and how to tell it from anything else without touching it.
//
// Opening a database with RocksDB changes files, whatever is found. So a text file beside RocksDB's says whose it is,
// and it is read first:
//
//   DATA/rocksdb/TIDEMARK             "Tidemark log, RocksDB engine, format 1"
//   DATA/rocksdb/TIDEMARK.unfinished  the same, while the database is being created; renamed when it is complete
//   DATA/rocksdb/TIDEMARK.manifest    see manifest_note.h
//   DATA/rocksdb/*                    RocksDB's: CURRENT, MANIFEST-*, *.log, *.sst, LOG, ...
//
// No epoch in it: it may change (see StoreOptions::accept_loss), and one place that says it is enough.
#pragma once

#include <cstdint>
#include <filesystem>

#include "src/base/error.h"

namespace tidemark::rocks {

inline constexpr auto kDirectoryName = "rocksdb";

enum class DirectoryState : std::uint8_t {
  absent,
  empty,         // somebody's mkdir(1), or a creation that was interrupted right at its start
  unfinished,    // a creation that was interrupted; nothing was ever appended to it
  tidemark,      // a log of this format
  mark_damaged,  // a log, as the head floor beside it says, whose mark does not: it may be looked at
};

enum class Access : std::uint8_t {
  write,      // files must be writable, or a new directory possible
  untouched,  // reading is enough
};

/// Looks at it and changes nothing. Errors: foreign (something else, or of a newer format), corrupt (mark_damaged, and it
/// is to be written), io (cannot be read, or not be written where that is wanted).
[[nodiscard]] Result<DirectoryState> inspect(const std::filesystem::path& directory, Access access = Access::write);

/// How mark_damaged is told.
[[nodiscard]] Error mark_damage(const std::filesystem::path& directory);

/// What its files take; some may be removed meanwhile.
[[nodiscard]] std::uint64_t bytes_on_disk(const std::filesystem::path& directory);

/// Makes it, or clears what an interrupted creation left, and marks it as being created. Must be inspected before.
[[nodiscard]] Result<void> begin_creation(const std::filesystem::path& directory);
/// From now on, durably, it is a log.
[[nodiscard]] Result<void> finish_creation(const std::filesystem::path& directory);
/// Takes a creation back that failed. `before` is what inspect said.
void undo_creation(const std::filesystem::path& directory, DirectoryState before);

}  // namespace tidemark::rocks
