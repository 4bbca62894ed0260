// A file's name is durable only once its directory is.
#pragma once

#include <filesystem>

#include "src/base/error.h"

namespace tidemark {

/// Errors: io.
[[nodiscard]] Result<void> flush_directory(const std::filesystem::path& directory);

}  // namespace tidemark
