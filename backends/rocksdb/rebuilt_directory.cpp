#include "backends/rocksdb/rebuilt_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "backends/rocksdb/status.h"

namespace tidemark::rocks {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "tidemark-rebuilt-";
constexpr std::uint64_t kAboveAll = 1'000'000'000;

std::unexpected<Error> os_failure(std::string_view doing, const fs::path& on, const std::error_code& error) {
  return fail(ErrorCode::io, fmt::format("cannot {} {}: {}; TMPDIR names another place for temporary files", doing,
                                         on.string(), error.message()));
}

/// A locked descriptor of the directory; -1 if it is not one of this user's, or in use.
int lock_directory(const fs::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return -1;
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && status.st_uid == ::geteuid() &&
      ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    return descriptor;
  }
  ::close(descriptor);
  return -1;
}

/// A killed process gives its lock back, and leaves the directory.
void remove_abandoned(const fs::path& under) {
  std::error_code ignored;  // one that stays is in nobody's way
  for (auto entry = fs::directory_iterator(under, ignored); !ignored && entry != fs::directory_iterator();
       entry.increment(ignored)) {
    if (!entry->path().filename().string().starts_with(kPrefix)) continue;
    const int lock = lock_directory(entry->path());
    if (lock < 0) continue;
    std::error_code stays;
    fs::remove_all(entry->path(), stays);  // links, not what they lead to
    ::close(lock);
  }
}

/// Links the files of a kind, write-ahead logs under numbers so much higher.
std::error_code link_files(const fs::path& from, const fs::path& to, std::string_view kind, std::uint64_t higher = 0) {
  std::error_code error;
  const auto absolute = fs::absolute(from, error);
  for (auto entry = fs::directory_iterator(absolute, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().extension() != kind) continue;
    const auto digits = entry->path().stem().string();
    std::uint64_t number = 0;
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (wrong != std::errc() || end != digits.data() + digits.size()) continue;  // none of RocksDB's
    fs::create_symlink(entry->path(), to / fmt::format("{:06}{}", number + higher, kind), error);
    if (error) break;
  }
  return error;
}

/// Those of which no table was found.
rocksdb::Status create_families(const fs::path& directory, rocksdb::DBOptions options,
                                const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  options.create_missing_column_families = true;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  auto status = rocksdb::DB::Open(options, directory.string(), families, &handles, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) return status;
  for (auto* handle : handles) static_cast<void>(db->DestroyColumnFamilyHandle(handle));
  return db->Close();
}

}  // namespace

Result<std::unique_ptr<RebuiltDirectory>> RebuiltDirectory::make(
    const fs::path& damaged, const rocksdb::DBOptions& options,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  std::error_code error;
  const auto under = fs::temp_directory_path(error);
  if (error) return os_failure("use", "the directory for temporary files", error);
  remove_abandoned(under);
  auto pattern = (under / fmt::format("{}XXXXXX", kPrefix)).string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return os_failure("create", pattern, std::error_code(errno, std::generic_category()));
  }
  std::unique_ptr<RebuiltDirectory> directory(new RebuiltDirectory(pattern, lock_directory(pattern)));
  const auto unlinked = [&](const std::error_code& failed) { return os_failure("link the files of", damaged, failed); };
  if (const auto failed = link_files(damaged, directory->path(), ".sst"); failed) return unlinked(failed);
  // Of the tables alone: with write-ahead logs it would leave out, without a word, what is of a family that has no table
  // yet and what finds no room, and refuse what is in a table as well.
  auto status = rocksdb::RepairDB(directory->path().string(), options, families);
  if (status.ok()) status = create_families(directory->path(), options, families);
  if (!status.ok()) return failure(status, "rebuild the list of tables of", damaged);
  // Above every number given so far, so that they count as not yet read. They are read into memory at each opening.
  if (const auto failed = link_files(damaged, directory->path(), ".log", kAboveAll); failed) return unlinked(failed);
  return directory;
}

RebuiltDirectory::~RebuiltDirectory() {
  std::error_code ignored;  // a temporary file too many harms nobody
  fs::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace tidemark::rocks
