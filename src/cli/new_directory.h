// A data directory in the making: DIR.unfinished beside DIR, which becomes DIR at once when it is whole. Whatever happens
// before, DIR is as it was; what an interrupted command left is removed by the next one, and nothing else is.
//
// Locked by its lock file, as every data directory in use. One owner, one thread.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "src/base/error.h"
#include "src/config/data_directory.h"

namespace tidemark::cli {

class NewDirectory {
 public:
  /// Errors: foreign (there is something in `target`, it is inside of another log, or something else is in the way), locked (another command makes it), io.
  [[nodiscard]] static Result<NewDirectory> begin(const std::filesystem::path& target);

  NewDirectory(NewDirectory&& other) noexcept
      : target_(std::move(other.target_)), path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
  NewDirectory& operator=(NewDirectory&&) = delete;
  /// Removes it unless it is in place.
  ~NewDirectory();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Session ids of the other directory stay valid in this one: its key is copied. Without one there is nothing to copy.
  [[nodiscard]] Result<void> copy_secret_of(const std::filesystem::path& other);
  /// Flushes everything and gives it its name.
  [[nodiscard]] Result<void> put_in_place();

 private:
  NewDirectory(std::filesystem::path target, std::filesystem::path path, DataDirectory lock)
      : target_(std::move(target)), path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path target_;
  std::filesystem::path path_;  // empty: in place
  std::optional<DataDirectory> lock_;
};

}  // namespace tidemark::cli
