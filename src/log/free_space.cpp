#include "src/log/free_space.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "src/base/limits.h"

namespace tidemark {

std::optional<std::uint64_t> free_bytes(const std::filesystem::path& directory) {
  struct statvfs status {};
  if (::statvfs(directory.c_str(), &status) != 0) return std::nullopt;
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

Result<void> check_free_space(const std::filesystem::path& directory, std::uint64_t bytes_min) {
  const auto free = free_bytes(directory);
  // A file system that does not say is not refused: the engine still notices a full disk by itself.
  if (!free || *free >= bytes_min) return {};
  return fail(ErrorCode::out_of_space,
              fmt::format("only {} MiB are free for {}; records are taken again from {} MiB on, make room on its disk",
                          *free / limits::kMiB, directory.string(), bytes_min / limits::kMiB));
}

bool directory_exists(const std::filesystem::path& directory) {
  struct stat status {};
  return ::stat(directory.c_str(), &status) == 0 || errno != ENOENT;
}

}  // namespace tidemark
