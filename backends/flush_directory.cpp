#include "backends/flush_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace tidemark {

Result<void> flush_directory(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int number = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (flushed) return {};
  return fail(ErrorCode::io, fmt::format("cannot flush directory {}: {}; check the disk", directory.string(),
                                         std::generic_category().message(number)));
}

}  // namespace tidemark
