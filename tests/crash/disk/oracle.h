// What must be true of a store that was opened after a crash.
#pragma once

#include <stdexcept>
#include <string>

#include "src/base/epoch.h"
#include "src/log/holes.h"
#include "src/log/log_store.h"
#include "tests/crash/disk/dice.h"
#include "tests/crash/disk/history.h"

namespace tidemark::crash {

/// A promise was broken; the sentence names the offsets.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// To whoever is told of them, any offset may be missing: a case begins shortly before the end of an index segment, which
/// is large. That none is missing which was appended, the oracle checks by itself.
[[nodiscard]] Holes holes_everywhere();

/// Checks the store against what was expected and answers what it holds: what was acknowledged, and what was under way
/// either wholly or not at all. Every record byte for byte, trims, losses, index segments, the engine's own check.
struct Checked {
  Contents contents;
  bool under_way_was_there;
};
[[nodiscard]] Checked check_store(const LogStore& store, const Expectation& expected);

/// Opens a Log over the store and checks what the log makes of it: keys that are there are duplicates, a new record gets
/// the next offset, and every channel reads as it was written. Takes the store; returns when it is closed again.
void check_log(std::unique_ptr<LogStore> store, const Contents& contents, Dice& dice);

}  // namespace tidemark::crash
