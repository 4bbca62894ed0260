// A file in the making: FILE.unfinished-XXXXXX beside FILE, a name nobody else has, which becomes FILE at once when it is
// whole and on the disk. Whatever happens before, FILE is as it was. A file that has the name already, or is given it
// meanwhile, keeps it, unless it is to be replaced.
//
// A symbolic link stays one: what it leads to is made. What is no regular file (a pipe, a device) is written to as it is,
// never replaced. One owner, one thread.
#pragma once

#include <filesystem>

#include "src/base/error.h"

namespace tidemark::cli {

class NewFile {
 public:
  /// Errors: foreign (there is one, and `replace` was not said), io, out_of_space.
  [[nodiscard]] static Result<NewFile> open(const std::filesystem::path& name, bool replace);

  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  /// Removes it unless it is in place.
  ~NewFile();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Flushes it and gives it its name. Errors as of open().
  [[nodiscard]] Result<void> finish();

 private:
  NewFile(std::filesystem::path name, std::filesystem::path unfinished, int descriptor, bool replace);

  std::filesystem::path name_;
  std::filesystem::path unfinished_;  // empty: in place, or written to as it is
  int descriptor_;
  bool replace_;
};

}  // namespace tidemark::cli
