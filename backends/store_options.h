// What every engine is told when it is opened.
#pragma once

#include <cstdint>
#include <filesystem>

#include "src/base/epoch.h"
#include "src/base/limits.h"

namespace tidemark {

struct StoreOptions {
  std::filesystem::path directory;  // must exist; not used by the memory engine
  Epoch epoch_if_new;               // identity of the log if this call creates it

  /// What 'tidemark repair' asks for: open a log of which acknowledged records are missing (see src/log/head_floor.h)
  /// all the same. Its history has changed, so it gets epoch_if_new as its identity; the missing offsets are not given
  /// again. Changes nothing about a log of which nothing is missing.
  bool accept_loss = false;

  /// For 'tidemark verify' and 'tidemark repair': nothing in the directory is created or changed, not even by closing. A
  /// log of which acknowledged records are missing opens all the same (comparing it with the head floor is up to the
  /// caller), and so does one whose engine recovers only part of it. append and trim answer `invalid_argument`.
  bool read_only = false;

  /// For a log that is made in one go beside its place, and is worth nothing until it is whole: nothing that is appended
  /// is durable, nor whole after a crash, and closing does not change that. append({}, {}) writes what is in memory into
  /// the files and tells what had failed; making these durable is up to the caller. To be opened without this before it
  /// is read or trimmed.
  bool building = false;

  std::uint64_t free_bytes_min = limits::kMinFreeDefault;  // see src/log/free_space.h
};

}  // namespace tidemark
