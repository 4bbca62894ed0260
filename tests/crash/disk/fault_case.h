// One case of an I/O fault: a scripted piece of work of which the Nth I/O call fails.
//
// The script meets the store as the log does: appends that cross an index segment and reach a checkpoint, reads, trims,
// reopening. When a call of the store fails, what the contract says about it is checked then and there: nothing is
// acknowledged that is not durable (the power is cut to see), after `io` nothing is appended any more, after
// out_of_space the same append works once there is room, what was acknowledged can be read, and opening again finds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "tests/crash/disk/recorder.h"

namespace tidemark::crash {

struct FaultKind {
  const char* name;
  Fault fault;  // without nth
};
[[nodiscard]] std::span<const FaultKind> fault_kinds();

enum class Level : std::uint8_t {
  store,  // LogStore
  log,    // Log with its sequencer
};
[[nodiscard]] const char* name(Level level);

struct FaultResult {
  bool reached = false;        // there was an Nth call
  std::string faulted;         // which call it was
  std::set<std::string> seen;  // what the store answered at the fault: "append: out_of_space", "open: io"
  std::string failure;         // empty, or which promise was broken
  std::string death;           // empty, or how the process ended at the fault ("aborted"), with what it said last
};

/// In processes of its own: where the engine takes its process down, that counts as a crash, and what it leaves is
/// checked like after any other.
[[nodiscard]] FaultResult run_fault_case(std::string_view engine, Level level, const FaultKind& kind,
                                         std::uint64_t nth);

}  // namespace tidemark::crash
