#include "src/config/flush_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

namespace tidemark {

std::unexpected<Error> file_failure(std::string_view doing, const std::filesystem::path& on,
                                    const std::error_code& error) {
  return fail(error == std::errc::no_space_on_device ? ErrorCode::out_of_space : ErrorCode::io,
              fmt::format("cannot {} {}: {}; check its permissions and the disk, then try again", doing, on.string(),
                          error.message()));
}

Result<void> flush_path(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  const std::error_code error(errno, std::generic_category());
  if (descriptor >= 0) ::close(descriptor);
  if (flushed) return {};
  return file_failure("flush", path, error);
}

Result<void> flush_tree(const std::filesystem::path& directory) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (auto flushed = flush_path(entry->path()); !flushed) return flushed;
  }
  if (error) return file_failure("read", directory, error);
  return flush_path(directory);
}

}  // namespace tidemark
