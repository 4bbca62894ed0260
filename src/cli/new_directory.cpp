#include "src/cli/new_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "src/cli/exit_status.h"

namespace tidemark::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kSecret = "secret.key";

std::unexpected<Error> failed(std::string_view what, const fs::path& on, const std::error_code& error) {
  return fail(error == std::errc::no_space_on_device ? ErrorCode::out_of_space : ErrorCode::io,
              fmt::format("cannot {} {}: {}; check its permissions and the disk, then try again", what, on.string(),
                          error.message()));
}

Result<void> flush(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  const std::error_code error(errno, std::generic_category());
  if (descriptor >= 0) ::close(descriptor);
  if (flushed) return {};
  return failed("flush", path, error);
}

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
  if (error) return failed("empty", path, error);
  return NewDirectory(target, path, std::move(*lock));
}

NewDirectory::~NewDirectory() {
  if (path_.empty()) return;
  std::error_code error;
  fs::remove_all(path_, error);
  if (error) complain(failed("remove", path_, error).error(), kExitFailure);
}

Result<void> NewDirectory::copy_secret_of(const fs::path& other) {
  std::error_code error;
  if (!fs::exists(other / kSecret, error)) return {};
  fs::copy_file(other / kSecret, path_ / kSecret, fs::copy_options::overwrite_existing, error);
  if (!error) fs::permissions(path_ / kSecret, fs::perms::owner_read | fs::perms::owner_write, error);
  if (error) return failed("copy", other / kSecret, error);
  return {};
}

Result<void> NewDirectory::put_in_place() {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(path_, error), end; !error && entry != end; entry.increment(error)) {
    if (auto flushed = flush(entry->path()); !flushed) return flushed;
  }
  if (error) return failed("read", path_, error);
  if (auto flushed = flush(path_); !flushed) return flushed;
  fs::rename(path_, target_, error);  // over an empty directory, if there is one
  if (error) return failed("rename", path_, error);
  path_.clear();
  return flush(target_.parent_path());
}

}  // namespace tidemark::cli
