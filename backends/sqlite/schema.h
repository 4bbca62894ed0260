// The database file: what it is called, what is in it, and how to tell it from anything else.
//
// Everything grows in key order and nothing else is indexed: a random-key index would cost a dirty page, in the
// write-ahead log and again at the checkpoint, per record (15 times slower, measured). The columns are plain, so that
// people can read the log with the sqlite3 shell: select * from messages.
#pragma once

#include <filesystem>
#include <string_view>

#include "backends/sqlite/connection.h"
#include "src/base/epoch.h"
#include "src/base/error.h"

namespace tidemark::sqlite {

inline constexpr std::string_view kFileName = "tidemark.sqlite3";

enum class FileState : std::uint8_t {
  absent,    // there is no file
  empty,     // a file without a byte, or a database without a table: somebody's touch(1)
  tidemark,  // a log of this format
};

/// Looks at the file without SQLite, so that nothing of a foreign one is touched. Must not be called while this process
/// has the file open (closing any descriptor of a file drops the process's locks on it).
/// Errors: foreign (no database, another application's, or of a newer format), corrupt (the same, where the head floor
/// beside it says that it was ours), io (cannot be read or written). If it is only looked at and only its mark is damaged,
/// it is taken for ours.
[[nodiscard]] Result<FileState> inspect(const std::filesystem::path& file, Access access = Access::write);

/// `corrupt` if the database does not carry our mark.
[[nodiscard]] Result<void> check_mark(Connection& connection, const std::filesystem::path& file);

/// `corrupt` if the database describes one of its tables or views in other words than a new one would: SQLite believes
/// whatever it can parse, and an own check of it compares the pages with what it believes. What people have added is no
/// business of ours.
[[nodiscard]] Result<void> check_schema(Connection& connection, const std::filesystem::path& file);

/// `corrupt` if the file is shorter than its header says. As inspect(), it opens the file on its own.
[[nodiscard]] Result<void> check_length(const std::filesystem::path& file);

/// The writer: creates the log if the file is none yet, checks it otherwise, and sets what durability rests on. It
/// leaves the write-ahead log alone when it is closed, until keep_log_on_close(false): whoever finds the log damaged
/// finds it as it was.
[[nodiscard]] Result<Connection> open_writer(const std::filesystem::path& file, FileState state, Epoch epoch_if_new);

/// The same for a log in the making (StoreOptions::building): without a journal and without a flush.
[[nodiscard]] Result<Connection> open_building_writer(const std::filesystem::path& file, FileState state,
                                                      Epoch epoch_if_new);

/// A reader: cannot write, and leaves checkpoints to the writer.
[[nodiscard]] Result<Connection> open_reader(const std::filesystem::path& file);

enum class Doubt : std::uint8_t {
  none,
  ignored,  // a file that is too short is read as far as it goes, and a table whose description makes no sense is not there
};

/// A reader of a file that nobody writes, which leaves everything in the directory as it is.
[[nodiscard]] Result<Connection> open_looker(const std::filesystem::path& file, Doubt doubt = Doubt::none);

}  // namespace tidemark::sqlite
