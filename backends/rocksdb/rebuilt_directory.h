// A second directory for a database whose own list of files cannot be read: the same tables and write-ahead logs, by
// links, and a new list made from them. The damaged directory is not changed.
#pragma once

#include <rocksdb/db.h>

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "src/base/error.h"

namespace tidemark::rocks {

class RebuiltDirectory {
 public:
  /// Removes first what processes that were killed have left of theirs.
  /// Reads every table once, and leaves out those that cannot be read to their end. Makes it among the temporary files, to
  /// be opened for reading only. `options` has the files to work with.
  [[nodiscard]] static Result<std::unique_ptr<RebuiltDirectory>> make(
      const std::filesystem::path& damaged, const rocksdb::DBOptions& options,
      const std::vector<rocksdb::ColumnFamilyDescriptor>& families);
  RebuiltDirectory(const RebuiltDirectory&) = delete;
  RebuiltDirectory& operator=(const RebuiltDirectory&) = delete;
  /// Removes it.
  ~RebuiltDirectory();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  RebuiltDirectory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  const std::filesystem::path path_;
  const int lock_;  // a descriptor of the directory, locked for as long as it is in use
};

}  // namespace tidemark::rocks
