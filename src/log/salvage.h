// Salvage: a new log with everything of a damaged one that can be read.
//
// Records keep their offsets, times, keys and bytes. Index segments are made anew from the records, what the channels
// lost to trimming is carried over, and the next offset is above everything that was ever acknowledged. What had to be
// left out is noted as holes, and clients of every channel are told of them: whose a damaged record was is not known.
//
// The damaged log is only read. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "src/base/error.h"
#include "src/log/head_floor.h"
#include "src/log/holes.h"
#include "src/log/log_store.h"

namespace tidemark {

struct SalvageOptions {
  std::filesystem::path directory;       // of the new log: there, and empty
  Epoch epoch;                           // of the new log
  Holes holes;                           // of the old one
  std::optional<HeadFloor::Note> floor;  // of the old one
  /// Opens the new log in `directory` with `epoch` as its identity, creating it the first time, and accepting that it
  /// is shorter than its head floor says the second time.
  std::function<Result<std::unique_ptr<LogStore>>()> open;
  /// Called now and then; false: stop, with the error `closed`.
  std::function<bool(std::uint64_t offsets_done, std::uint64_t offsets_total)> on_progress;
};

struct Salvaged {
  std::uint64_t records = 0;
  Holes lost;   // what had to be left out
  Holes holes;  // and with it, what earlier repairs had left out
  Offset head;  // of the new log
};

/// Durable when it returns, and closed; but for the entries of `directory`, which the caller flushes. Errors: those of
/// the two stores, but for damage of the old one.
[[nodiscard]] Result<Salvaged> salvage(const LogStore& damaged, const SalvageOptions& options);

}  // namespace tidemark
