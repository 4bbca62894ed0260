// The engines under test, small: they checkpoint, flush and compact after a few records, so that short cases reach it.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "src/base/epoch.h"
#include "src/base/error.h"
#include "src/log/log_store.h"

namespace tidemark::crash {

/// Those that outlive the process.
[[nodiscard]] std::vector<std::string_view> durable_engines();

[[nodiscard]] Result<std::unique_ptr<LogStore>> open_engine(std::string_view engine,
                                                            const std::filesystem::path& directory, Epoch epoch_if_new);

}  // namespace tidemark::crash
