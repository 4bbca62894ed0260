#include "src/cli/new_directory.h"

#include <fmt/format.h>

#include <string>
#include <system_error>

#include "src/cli/exit_status.h"
#include "src/config/flush_files.h"
#include "src/log/head_floor.h"

namespace tidemark::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kSecret = kSecretKeyFileName;

/// Absolute, so that it has a parent and a name: "data/" is ".../data".
fs::path whole(const fs::path& directory) {
  auto path = fs::absolute(directory).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

/// `foreign` unless it is missing, or holds nothing but what an interrupted command left there.
Result<void> check_is_ours(const fs::path& unfinished) {
  std::error_code error;
  const auto status = fs::symlink_status(unfinished, error);
  if (!fs::exists(status)) return {};
  bool ours = fs::is_directory(status);
  for (fs::directory_iterator entry(unfinished, error), end; ours && !error && entry != end; entry.increment(error)) {
    ours = is_name_of_ours(entry->path().filename().native());
  }
  if (ours && error) return file_failure("read", unfinished, error);
  if (ours) return {};
  return fail(ErrorCode::foreign, fmt::format("{} is in the way and is not what an interrupted command left; move it "
                                              "away, or name another directory",
                                              unfinished.string()));
}

/// Only what is ours: something may have been put there since it was looked at.
std::error_code remove_ours(const fs::path& directory, bool also_lock_and_key) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const auto& name = entry->path().filename();
    if (!is_name_of_ours(name.native())) continue;
    if (also_lock_and_key || (name != "lock" && name != kSecret)) fs::remove_all(entry->path(), error);
  }
  return error;
}

}  // namespace

Result<NewDirectory> NewDirectory::begin(const fs::path& directory) {
  const auto target = whole(directory);
  std::error_code error;
  const auto status = fs::symlink_status(target, error);
  const bool is_free = !fs::exists(status) || (fs::is_directory(status) && fs::is_empty(target, error));
  if (!is_free) {
    return fail(ErrorCode::foreign,
                fmt::format("{} is there already and not empty; name a new directory", directory.string()));
  }
  // Nobody looks for a log in another one, and what is copied is to stay as it is.
  for (auto above = target.parent_path(); above != above.parent_path(); above = above.parent_path()) {
    if (!fs::exists(above / HeadFloor::kFileName, error)) continue;
    return fail(ErrorCode::foreign, fmt::format("{} is inside of the log in {}; name a directory beside it",
                                                directory.string(), above.string()));
  }
  auto path = target;
  path += ".unfinished";
  if (auto ours = check_is_ours(path); !ours) return std::unexpected(ours.error());
  // Whoever holds the lock of an unfinished one is still at it; then this is not the time to remove it.
  auto lock = DataDirectory::open(path);
  if (!lock) return std::unexpected(lock.error());
  if (error = remove_ours(path, false); error) return file_failure("empty", path, error);
  return NewDirectory(target, path, std::move(*lock));
}

NewDirectory::~NewDirectory() {
  if (path_.empty()) return;
  auto error = remove_ours(path_, true);
  if (!error) fs::remove(path_, error);
  if (error) complain(file_failure("remove", path_, error).error(), kExitFailure);
}

Result<void> NewDirectory::copy_secret_of(const fs::path& other) {
  std::error_code error;
  if (!fs::exists(other / kSecret, error)) return {};
  fs::copy_file(other / kSecret, path_ / kSecret, fs::copy_options::overwrite_existing, error);
  if (!error) fs::permissions(path_ / kSecret, fs::perms::owner_read | fs::perms::owner_write, error);
  if (error) return file_failure("copy", other / kSecret, error);
  return {};
}

Result<void> NewDirectory::put_in_place() {
  if (auto flushed = flush_tree(path_); !flushed) return flushed;
  std::error_code error;
  fs::rename(path_, target_, error);  // over an empty directory, if there is one
  if (error) return file_failure("rename", path_, error);
  path_.clear();
  return flush_path(target_.parent_path());
}

}  // namespace tidemark::cli
