#include "src/cli/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "src/config/flush_files.h"

namespace tidemark::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kLinksFollowed = 40;  // as the kernel does (path_resolution(7))

/// Reads errno: call it right after what failed.
std::unexpected<Error> failure(const fs::path& name) {
  const int error = errno;
  return fail(error == ENOSPC || error == EDQUOT ? ErrorCode::out_of_space : ErrorCode::io,
              fmt::format("cannot write {}: {}; check its directory, or name another file", name.string(),
                          std::strerror(error)));
}

std::unexpected<Error> is_there(const fs::path& name) {
  return fail(ErrorCode::foreign,
              fmt::format("{} is there already; name another file, or replace it with --force", name.string()));
}

/// Where the links lead, whether or not there is something yet.
fs::path without_links(fs::path name) {
  std::error_code error;
  for (int followed = 0; followed < kLinksFollowed && fs::is_symlink(name, error); ++followed) {
    name = name.parent_path() / fs::read_symlink(name, error);
  }
  return name;
}

}  // namespace

Result<NewFile> NewFile::open(const fs::path& named, bool replace) {
  const auto name = without_links(named);
  std::error_code error;
  const auto status = fs::status(name, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    const int descriptor = ::open(name.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) return failure(named);
    return NewFile(name, {}, descriptor, replace);
  }
  if (fs::exists(status) && !replace) return is_there(named);
  auto unfinished = name.string() + ".unfinished-XXXXXX";
  const int descriptor = ::mkostemp(unfinished.data(), O_CLOEXEC);
  if (descriptor < 0) return failure(named);
  return NewFile(name, unfinished, descriptor, replace);
}

NewFile::NewFile(fs::path name, fs::path unfinished, int descriptor, bool replace)
    : name_(std::move(name)), unfinished_(std::move(unfinished)), descriptor_(descriptor), replace_(replace) {}

NewFile::NewFile(NewFile&& other) noexcept
    : name_(std::move(other.name_)),
      unfinished_(std::exchange(other.unfinished_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      replace_(other.replace_) {}

NewFile::~NewFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

Result<void> NewFile::finish() {
  if (unfinished_.empty()) return {};
  if (::fsync(descriptor_) != 0) return failure(name_);
  // A file system that cannot tell (EINVAL) is asked again, without the promise.
  bool placed = !replace_ && ::renameat2(AT_FDCWD, unfinished_.c_str(), AT_FDCWD, name_.c_str(), RENAME_NOREPLACE) == 0;
  if (!placed && !replace_ && errno == EEXIST) return is_there(name_);
  if (!placed && !replace_ && errno != EINVAL) return failure(name_);
  if (!placed && ::rename(unfinished_.c_str(), name_.c_str()) != 0) return failure(name_);
  unfinished_.clear();
  return flush_path(name_.has_parent_path() ? name_.parent_path() : fs::path("."));
}

}  // namespace tidemark::cli
