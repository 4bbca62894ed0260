#include "backends/rocksdb/directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

#include "backends/flush_directory.h"
#include "src/log/damage.h"
#include "src/log/head_floor.h"

namespace tidemark::rocks {
namespace {

namespace fs = std::filesystem;

constexpr auto kMark = "TIDEMARK";
constexpr auto kUnfinishedMark = "TIDEMARK.unfinished";
constexpr std::string_view kMarkText = "Tidemark log, RocksDB engine, format ";
constexpr int kFormat = 1;
constexpr std::size_t kMarkBytes = 256;

std::unexpected<Error> os_failure(std::string_view doing, const fs::path& on, int number) {
  return fail(number == ENOSPC ? ErrorCode::out_of_space : ErrorCode::io,
              fmt::format("cannot {} {}: {}; check the disk and the owner and permissions of file and directory", doing,
                          on.string(), std::generic_category().message(number)));
}

std::unexpected<Error> foreign(const fs::path& directory, std::string_view what) {
  return fail(ErrorCode::foreign, fmt::format("{} is {}; it was left untouched, point --data to another directory",
                                              directory.string(), what));
}

/// Errors: corrupt (it is no mark), foreign (one of a newer format), io.
Result<void> check_mark(const fs::path& directory) {
  const auto file = directory / kMark;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return os_failure("read", file, errno);
  std::array<char, kMarkBytes> bytes{};
  const auto got = ::read(descriptor, bytes.data(), bytes.size());
  const int number = errno;
  ::close(descriptor);
  if (got < 0) return os_failure("read", file, number);
  const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
  int format = 0;
  if (text.starts_with(kMarkText)) {
    std::from_chars(text.data() + kMarkText.size(), text.data() + text.size(), format);
  }
  if (format <= 0) return std::unexpected(mark_damage(directory));
  if (format > kFormat) {
    return fail(ErrorCode::foreign,
                fmt::format("{} has format {} and this Tidemark reads up to {}; it was left untouched, use a newer "
                            "Tidemark",
                            directory.string(), format, kFormat));
  }
  return {};
}

Result<void> write_mark(const fs::path& directory) {
  const auto file = directory / kUnfinishedMark;
  const auto text = fmt::format("{}{}\n", kMarkText, kFormat);
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return os_failure("create", file, errno);
  std::size_t done = 0;
  ssize_t wrote = 1;
  while (done < text.size() && wrote > 0) {
    wrote = ::write(descriptor, text.data() + done, text.size() - done);
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
  }
  const bool written = done == text.size() && ::fsync(descriptor) == 0;
  const int number = errno;
  ::close(descriptor);
  if (!written) return os_failure("write", file, number);
  return {};
}

/// Everything in the directory but the mark of a creation.
Result<void> clear(const fs::path& directory) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().filename() == kUnfinishedMark) continue;
    fs::remove_all(entry->path(), error);
    if (error) break;
  }
  if (error) return os_failure("clear", directory, error.value());
  return {};
}

}  // namespace

Result<DirectoryState> inspect(const fs::path& directory, Access access) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) {
    if (errno != ENOENT) return os_failure("read", directory, errno);
    if (access == Access::untouched) return DirectoryState::absent;
    const auto parent = directory.parent_path();
    if (::access(parent.c_str(), W_OK | X_OK) != 0) return os_failure("create a log in", parent, errno);
    return DirectoryState::absent;
  }
  if (!S_ISDIR(status.st_mode)) return foreign(directory, "not a directory");
  std::error_code error;
  bool marked = false;
  bool unfinished = false;
  bool database = false;
  bool empty = true;
  for (auto entry = fs::directory_iterator(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const auto name = entry->path().filename();
    empty = false;
    marked = marked || name == kMark;
    unfinished = unfinished || name == kUnfinishedMark;
    database = database || name == "CURRENT";
  }
  if (error) return os_failure("read", directory, error.value());
  bool mark_damaged = false;
  if (marked) {
    const auto ours = check_mark(directory);
    mark_damaged = !ours && ours.error().code == ErrorCode::corrupt;
    if (!ours && !mark_damaged) return std::unexpected(ours.error());
    // Whose it is only the head floor tells then.
    const auto noted = HeadFloor::read(directory.parent_path());
    if (mark_damaged && !(noted && *noted)) return foreign(directory / kMark, "not the mark of a Tidemark log");
    if (mark_damaged && access == Access::write) return std::unexpected(ours.error());
  } else if (!unfinished && !empty) {
    return foreign(directory, database ? "the database of another application" : "not a Tidemark log");
  }
  if (access == Access::write && ::access(directory.c_str(), W_OK | X_OK) != 0) {
    return os_failure("write in", directory, errno);
  }
  if (mark_damaged) return DirectoryState::mark_damaged;
  if (marked) return DirectoryState::tidemark;
  return unfinished ? DirectoryState::unfinished : DirectoryState::empty;
}

Error mark_damage(const fs::path& directory) {
  return {ErrorCode::corrupt, fmt::format("{} is damaged; {}", (directory / kMark).string(), kDamageAdvice)};
}

std::uint64_t bytes_on_disk(const fs::path& directory) {
  std::uint64_t bytes = 0;
  std::error_code ignored;
  for (auto entry = fs::directory_iterator(directory, ignored); !ignored && entry != fs::directory_iterator();
       entry.increment(ignored)) {
    std::error_code gone;
    const auto size = entry->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

Result<void> begin_creation(const fs::path& directory) {
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) return os_failure("create", directory, errno);
  // The mark first: once it is there, all else in the directory is ours to remove.
  if (auto marked = write_mark(directory); !marked) return marked;
  if (auto flushed = flush_directory(directory); !flushed) return flushed;
  return clear(directory);
}

Result<void> finish_creation(const fs::path& directory) {
  const auto mark = directory / kMark;
  if (::rename((directory / kUnfinishedMark).c_str(), mark.c_str()) != 0) return os_failure("create", mark, errno);
  if (auto flushed = flush_directory(directory); !flushed) return flushed;
  return flush_directory(directory.parent_path());
}

void undo_creation(const fs::path& directory, DirectoryState before) {
  // Nothing to say if it cannot be done: the sentence that matters is on its way, and the next creation clears up.
  std::error_code ignored;
  if (!clear(directory)) return;
  fs::remove(directory / kUnfinishedMark, ignored);
  if (before == DirectoryState::absent) fs::remove(directory, ignored);
}

}  // namespace tidemark::rocks
