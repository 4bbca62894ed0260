// Making files durable by name, for what is put in place by renaming: repaired, copied and new logs. Stateless; blocks for
// the disk.
#pragma once

#include <expected>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "src/base/error.h"

namespace tidemark {

/// The sentence for what the file system refused: out_of_space or io, with advice.
[[nodiscard]] std::unexpected<Error> file_failure(std::string_view doing, const std::filesystem::path& on,
                                                  const std::error_code& error);

/// A file's bytes, or a directory's names.
[[nodiscard]] Result<void> flush_path(const std::filesystem::path& path);

/// A directory and everything below it.
[[nodiscard]] Result<void> flush_tree(const std::filesystem::path& directory);

}  // namespace tidemark
