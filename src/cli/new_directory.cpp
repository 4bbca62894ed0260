#include "src/cli/new_directory.h"

#include <fmt/format.h>

#include <string>
#include <system_error>

#include "src/cli/exit_status.h"
#include "src/config/flush_files.h"

namespace tidemark::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kSecret = "secret.key";

/// Absolute, so that it has a parent and a name: "data/" is ".../data".
fs::path whole(const fs::path& directory) {
  auto path = fs::absolute(directory).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
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
  auto path = target;
  path += ".unfinished";
  // Whoever holds the lock of an unfinished one is still at it; then this is not the time to remove it.
  auto lock = DataDirectory::open(path);
  if (!lock) return std::unexpected(lock.error());
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename() != "lock" && entry->path().filename() != kSecret) fs::remove_all(entry->path(), error);
  }
  if (error) return file_failure("empty", path, error);
  return NewDirectory(target, path, std::move(*lock));
}

NewDirectory::~NewDirectory() {
  if (path_.empty()) return;
  std::error_code error;
  fs::remove_all(path_, error);
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
