// The disk: what outlives a crash, and fails when told to. Each start of the server opens it anew.
//
// Between any two of its steps other threads may run, and the process may die: `others` is called there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "src/log/log_store.h"
#include "tests/sim/truth.h"

namespace tidemark::sim {

/// Thrown where the process dies.
struct Crash {};

class Disk {
 public:
  Disk(Truth& truth, Epoch epoch);

  [[nodiscard]] std::unique_ptr<LogStore> open();

  enum class AppendFault : std::uint8_t {
    out_of_space,   // nothing stored
    io_not_stored,  // the handle is done for; nothing stored
    io_stored,      // the same, and yet all of it is there
  };
  std::optional<AppendFault> next_append;
  bool full = false;              // every append is refused
  std::size_t reads_to_fail = 0;  // so many of the next
  std::function<void()> others = [] {};

 private:
  class Handle;
  Truth& truth_;
  std::unique_ptr<LogStore> store_;
};

}  // namespace tidemark::sim
