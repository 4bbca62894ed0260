#include "backends/rocksdb/rebuilt_directory.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "backends/rocksdb/status.h"

namespace tidemark::rocks {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> os_failure(std::string_view doing, const fs::path& on, const std::error_code& error) {
  return fail(ErrorCode::io, fmt::format("cannot {} {}: {}; TMPDIR names another place for temporary files", doing,
                                         on.string(), error.message()));
}

std::error_code link_files(const fs::path& from, const fs::path& to) {
  std::error_code error;
  const auto absolute = fs::absolute(from, error);
  for (auto entry = fs::directory_iterator(absolute, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const auto kind = entry->path().extension();
    if (kind != ".sst" && kind != ".log") continue;
    fs::create_symlink(entry->path(), to / entry->path().filename(), error);
    if (error) break;
  }
  return error;
}

}  // namespace

Result<std::unique_ptr<RebuiltDirectory>> RebuiltDirectory::make(
    const fs::path& damaged, const rocksdb::DBOptions& options,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  std::error_code error;
  const auto under = fs::temp_directory_path(error);
  if (error) return os_failure("use", "the directory for temporary files", error);
  auto pattern = (under / "tidemark-rebuilt-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return os_failure("create", pattern, std::error_code(errno, std::generic_category()));
  }
  std::unique_ptr<RebuiltDirectory> directory(new RebuiltDirectory(pattern));
  if (const auto failed = link_files(damaged, directory->path()); failed) {
    return os_failure("link the files of", damaged, failed);
  }
  const auto status = rocksdb::RepairDB(directory->path().string(), options, families);
  if (!status.ok()) return failure(status, "rebuild the list of tables of", damaged);
  return directory;
}

RebuiltDirectory::~RebuiltDirectory() {
  std::error_code ignored;  // a temporary file too many harms nobody
  fs::remove_all(path_, ignored);
}

}  // namespace tidemark::rocks
