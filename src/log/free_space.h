// The free-space guard: refuses to append before the engine hits the end of the disk, where no engine is at its best
// (one aborts the process, measured). Appends go on by themselves once there is room.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "src/base/error.h"

namespace tidemark {

/// Free to this user on the directory's file system; nothing if that does not say.
[[nodiscard]] std::optional<std::uint64_t> free_bytes(const std::filesystem::path& directory);

/// out_of_space if fewer than `bytes_min` are free to this user on the directory's file system. About a microsecond.
[[nodiscard]] Result<void> check_free_space(const std::filesystem::path& directory, std::uint64_t bytes_min);

/// False only if the directory is surely gone.
[[nodiscard]] bool directory_exists(const std::filesystem::path& directory);

}  // namespace tidemark
