#include "src/cli/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
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

/// Where the links lead, whether or not there is something yet.
fs::path without_links(fs::path name) {
  std::error_code error;
  for (int followed = 0; followed < kLinksFollowed && fs::is_symlink(name, error); ++followed) {
    name = name.parent_path() / fs::read_symlink(name, error);
  }
  return name;
}

}  // namespace

Result<NewFile> NewFile::open(const fs::path& named) {
  const auto name = without_links(named);
  std::error_code error;
  const auto status = fs::status(name, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    const int descriptor = ::open(name.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) return failure(named);
    return NewFile(name, {}, descriptor);
  }
  auto unfinished = name.string() + ".unfinished-XXXXXX";
  const int descriptor = ::mkostemp(unfinished.data(), O_CLOEXEC);
  if (descriptor < 0) return failure(named);
  return NewFile(name, unfinished, descriptor);
}

NewFile::NewFile(fs::path name, fs::path unfinished, int descriptor)
    : name_(std::move(name)), unfinished_(std::move(unfinished)), descriptor_(descriptor) {}

NewFile::NewFile(NewFile&& other) noexcept
    : name_(std::move(other.name_)),
      unfinished_(std::exchange(other.unfinished_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

NewFile::~NewFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

Result<void> NewFile::finish() {
  if (unfinished_.empty()) return {};
  if (::fsync(descriptor_) != 0 || ::rename(unfinished_.c_str(), name_.c_str()) != 0) return failure(name_);
  unfinished_.clear();
  return flush_path(name_.has_parent_path() ? name_.parent_path() : fs::path("."));
}

}  // namespace tidemark::cli
