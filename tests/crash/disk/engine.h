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

/// RocksDB keeps the list of its files in a log of its own, MANIFEST, and has no way to open a database of which the last
/// record of that log, not flushed yet, was torn. Nothing is lost by it, but a person has to come: the one known reason
/// for which a log may be refused after a power cut. It is counted.
[[nodiscard]] bool is_torn_manifest(std::string_view engine, const Error& error);

}  // namespace tidemark::crash
