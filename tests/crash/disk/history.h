// What was asked of a store and what it acknowledged, and so what it must hold, whenever the power went.
//
// Every call that changes the store is noted with the places in the trace of I/O calls where it began and where it
// returned. A cut at place k finds it acknowledged (it returned by k), under way (it had begun) or not yet begun.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "src/base/record.h"
#include "src/log/index_segment.h"
#include "src/log/log_store.h"

namespace tidemark::crash {

inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

/// What a store holds.
struct Contents {
  std::vector<Record> records;  // in order of offset, none below trimmed_before
  Offset head;
  Offset trimmed_before{1};
  std::map<std::string, Offset> losses;
  std::map<std::uint64_t, IndexSegment> segments;

  [[nodiscard]] Offset first() const { return records.empty() ? head.next() : records.front().offset; }
};

/// A call that changes the store: an append, or a trim if `before` is set.
struct Attempt {
  std::uint64_t begun = 0;
  std::uint64_t returned = kNever;  // with success
  std::vector<Record> records;
  std::vector<IndexSegment> segments;
  std::optional<Offset> before;
  std::map<std::string, Offset> losses;

  void apply_to(Contents& contents) const;
};

/// What may be there after a cut.
struct Expectation {
  std::optional<Epoch> epoch;  // set once opening had returned: from then on the log exists and keeps its identity
  Contents acknowledged;
  std::optional<Attempt> under_way;  // all of it or nothing of it
};

class History {
 public:
  /// The store was opened and holds `contents`: nothing is under way.
  void begin(Epoch epoch, Contents contents, std::uint64_t opened);

  /// Answers a number for succeeded().
  std::size_t attempt(Attempt attempt);
  void succeeded(std::size_t number, std::uint64_t returned) { attempts_[number].returned = returned; }

  [[nodiscard]] Expectation at(std::uint64_t cut) const;
  /// With everything that was acknowledged so far.
  [[nodiscard]] const Contents& now() const { return now_; }
  void acknowledge(const Attempt& attempt) { attempt.apply_to(now_); }
  [[nodiscard]] const std::vector<Attempt>& attempts() const { return attempts_; }

 private:
  Epoch epoch_;
  std::uint64_t opened_ = kNever;
  Contents base_, now_;
  std::vector<Attempt> attempts_;
};

}  // namespace tidemark::crash
