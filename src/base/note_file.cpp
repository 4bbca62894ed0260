#include "src/base/note_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "src/base/crc32c.h"

namespace tidemark {
namespace {

constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kChecksumBytes = 8;
constexpr off_t kLineDistance = 4096;

static_assert(NoteFile::kTextBytes + 1 + kChecksumBytes + 1 == kLineBytes);

std::string sealed(std::string_view text) {
  return fmt::format("{:<{}}\n", fmt::format("{} {:08x}", text, crc32c(0, text)), kLineBytes - 1);
}

}  // namespace

NoteFile::NoteFile(std::filesystem::path file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}

NoteFile::NoteFile(NoteFile&& other) noexcept
    : file_(std::move(other.file_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

NoteFile::~NoteFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::unexpected<Error> NoteFile::failure(std::string_view doing) const {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return fail(full ? ErrorCode::out_of_space : ErrorCode::io,
              fmt::format("cannot {} {}: {}; check its permissions and the disk", doing, file_.string(),
                          std::generic_category().message(errno)));
}

Result<NoteFile> NoteFile::open(std::filesystem::path file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  NoteFile opened(std::move(file), descriptor);
  if (descriptor < 0) return opened.failure("open");
  return opened;
}

Result<std::optional<NoteFile>> NoteFile::open_read_only(std::filesystem::path file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return std::nullopt;
  NoteFile opened(std::move(file), descriptor);
  if (descriptor < 0) return opened.failure("read");
  return opened;
}

Result<std::optional<std::string>> NoteFile::line(int number) const {
  std::array<char, kLineBytes> bytes{};
  const auto got = ::pread(descriptor_, bytes.data(), bytes.size(), number * kLineDistance);
  if (got < 0) return failure("read");
  const std::string_view line(bytes.data(), static_cast<std::size_t>(got));
  const auto end = line.find_last_not_of(" \n");
  if (end == std::string_view::npos || end <= kChecksumBytes) return std::nullopt;
  const auto text = line.substr(0, end - kChecksumBytes);
  if (line != sealed(text)) return std::nullopt;
  return std::string(text);
}

Result<void> NoteFile::write(int number, std::string_view text) {
  const auto line = sealed(text);
  for (std::size_t done = 0; done < line.size();) {
    const auto written = ::pwrite(descriptor_, line.data() + done, line.size() - done,
                                  number * kLineDistance + static_cast<off_t>(done));
    if (written <= 0) return failure("write");
    done += static_cast<std::size_t>(written);
  }
  return {};
}

Result<void> NoteFile::flush() {
  if (::fdatasync(descriptor_) != 0) return failure("flush");
  return {};
}

bool NoteFile::is_deleted() const {
  struct stat status {};
  return ::fstat(descriptor_, &status) == 0 && status.st_nlink == 0;
}

}  // namespace tidemark
