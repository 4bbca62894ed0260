// Verification: reads a whole log and says everything that is wrong with it. Written once, for every engine.
//
// What is checked, in the order in which it is found: every record's checksum, that offsets increase without a gap, that
// times never go back, that no client key was stored twice within the dedupe window, that each finished index segment
// says what the records say, what the channels lost, the head floor, and last the engine's own structure
// (LogStore::verify). Memory does not grow with the log: a segment at a time, and one dedupe window.
//
// Changes nothing. The store must not be appended to meanwhile. One thread calls and hears. Another one reads the records
// ahead of it, a third one checks the engine's structure; both are waited for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "src/base/error.h"
#include "src/base/limits.h"
#include "src/log/head_floor.h"
#include "src/log/holes.h"
#include "src/log/log_store.h"

namespace tidemark {

struct Finding {
  enum class Kind : std::uint8_t {
    lost_records,  // cannot be read, or are not there: a repair goes on without them
    index,         // index segments, notes of losses: a repair makes them again from the records
    structure,     // the engine's own files: a repair writes them anew
    odd_records,   // a time that goes back, a client key stored twice: records are never changed, so it stays
  };
  Kind kind;
  std::string text;  // "offset 13: ...", "offsets 201 to 240: ...", "index segment 2: ..."
};

/// Hears what verify_log finds, on its thread.
class VerifyListener {
 public:
  virtual ~VerifyListener() = default;
  virtual void on_finding(const Finding& finding) = 0;
  /// Every record that can be read, in order.
  virtual void on_record(const RecordView& /*record*/) {}
  /// Now and then. False: stop.
  virtual bool on_progress(std::uint64_t offsets_done, std::uint64_t offsets_total) = 0;
};

/// What is known about the log from beside it.
struct VerifyOptions {
  Holes holes;
  std::optional<HeadFloor::Note> floor;
  std::size_t dedupe_window_records = limits::kDedupeWindowRecords;
};

struct Verdict {
  std::uint64_t records = 0;   // that can be read
  std::uint64_t segments = 0;  // finished index segments that were compared
  Holes lost;                  // offsets whose records a repair would leave out; known holes are not among them
  std::uint64_t findings = 0;
  std::uint64_t odd_records = 0;  // of them, what a repair does not mend
  std::uint64_t only_index = 0;   // of them, what concerns nothing but what is made from the records
  bool stopped = false;           // the listener said so

  [[nodiscard]] bool clean() const { return findings == 0 && !stopped; }
  [[nodiscard]] bool repairable() const { return findings > odd_records; }
  /// Whether the records are surely all there. Where the engine's own files are damaged, nobody knows what came after
  /// the last one that can be read.
  [[nodiscard]] bool complete() const { return lost.empty() && findings == odd_records + only_index; }
};

/// Errors: those of the store but `corrupt`, which is what it is looking for.
[[nodiscard]] Result<Verdict> verify_log(const LogStore& store, const VerifyOptions& options, VerifyListener& listener);

}  // namespace tidemark
