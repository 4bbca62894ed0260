// A second directory for a database whose own list of files cannot be read: the same tables and write-ahead logs, by
// links, and a new list made from them. The damaged directory is not changed.
#pragma once

#include <rocksdb/db.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "src/base/error.h"

namespace tidemark::rocks {

class RebuiltDirectory {
 public:
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
  explicit RebuiltDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  const std::filesystem::path path_;
};

}  // namespace tidemark::rocks
