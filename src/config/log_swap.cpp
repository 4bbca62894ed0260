#include "src/config/log_swap.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <string>
#include <system_error>
#include <vector>

#include "src/config/flush_files.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;

/// Everything that belongs to a log, of whichever engine: its files and what is known of it beside them.
constexpr std::array kLogFiles{"tidemark.sqlite3", "tidemark.sqlite3-wal", "tidemark.sqlite3-shm",
                               "rocksdb",          "tidemark.head",        "tidemark.holes"};

constexpr auto kUnfinished = "repair.unfinished";
constexpr auto kReady = "repair.ready";
constexpr auto kPlacing = "repair.placing";
constexpr auto kOld = "repair.old";

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

Result<void> move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return file_failure("rename", from, error);
  return flush_path(to.parent_path());
}

Result<void> remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return file_failure("remove", path, error);
  return {};
}

/// Moves the files of a log, as many as are there.
Result<void> move_log(const fs::path& from, const fs::path& to) {
  for (const auto* const name : kLogFiles) {
    if (!is_there(from / name)) continue;
    if (auto moved = move(from / name, to / name); !moved) return moved;
  }
  return flush_path(from);
}

/// "damaged-20260102T150405Z", with a number behind it if that is taken.
fs::path name_for_old(const fs::path& data) {
  const auto stem = fmt::format("damaged-{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::time(nullptr)));
  auto path = data / stem;
  for (int number = 2; is_there(path); ++number) path = data / fmt::format("{}-{}", stem, number);
  return path;
}

}  // namespace

Result<fs::path> begin_new_log(const fs::path& data) {
  if (auto dropped = drop_new_log(data); !dropped) return std::unexpected(dropped.error());
  const auto path = data / kUnfinished;
  std::error_code error;
  fs::create_directory(path, error);
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  if (error) return file_failure("create", path, error);
  return path;
}

Result<void> drop_new_log(const fs::path& data) { return remove_tree(data / kUnfinished); }

Result<fs::path> swap_logs(const fs::path& data) {
  if (auto flushed = flush_tree(data / kUnfinished); !flushed) return std::unexpected(flushed.error());
  if (auto decided = move(data / kUnfinished, data / kReady); !decided) return std::unexpected(decided.error());
  auto kept = finish_swap(data);
  if (!kept) return std::unexpected(kept.error());
  return **kept;
}

bool swap_is_pending(const fs::path& data) {
  return is_there(data / kReady) || is_there(data / kPlacing) || is_there(data / kOld);
}

Result<std::optional<fs::path>> finish_swap(const fs::path& data) {
  if (auto dropped = drop_new_log(data); !dropped) return std::unexpected(dropped.error());
  const auto old = data / kOld;
  if (is_there(data / kReady)) {
    std::error_code error;
    fs::create_directory(old, error);
    if (!error) fs::permissions(old, fs::perms::owner_all, error);
    if (error) return file_failure("create", old, error);
    // What is in DATA is old: nothing new moves there before the next rename.
    if (auto moved = move_log(data, old); !moved) return std::unexpected(moved.error());
    if (auto said = move(data / kReady, data / kPlacing); !said) return std::unexpected(said.error());
  }
  if (is_there(data / kPlacing)) {
    if (auto moved = move_log(data / kPlacing, data); !moved) return std::unexpected(moved.error());
    if (auto removed = remove_tree(data / kPlacing); !removed) return std::unexpected(removed.error());
    if (auto flushed = flush_path(data); !flushed) return std::unexpected(flushed.error());
  }
  if (!is_there(old)) return std::nullopt;
  auto kept = name_for_old(data);
  if (auto named = move(old, kept); !named) return std::unexpected(named.error());
  return kept;
}

}  // namespace tidemark
