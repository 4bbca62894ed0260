// Retention: which records are to go, by age, bytes and count, and their removal in steps.
//
// One step removes at most kTrimSliceRecords records and kTrimSliceBytes bytes of them. First a scan of the records
// about to go tells what each channel loses; then the trim removes them and notes that, durably, in one go. Whoever
// calls step() gives appends their turn in between.
//
// Several rules may be set; the strictest wins. Example: the log holds 1 to 100; 60 records are to be kept, and all of
// the last hour, which are those from 31 on: everything before 41 goes, in one step.
//   age      by binary search, since record times never decrease; one read when nothing is old enough to go. What time
//            it is: believed_time.h
//   bytes    of what the store says the kept records take, a share of them that is estimated anew for each step, since
//            neither are all records of one size nor is all of that theirs; the newest record stays in any case
//   records  by arithmetic: the offsets of a log are contiguous
//
// A damaged record, or one that is not there, goes like any other. Whose it was cannot be read, so it is noted as lost by the channel without a
// name, which counts for all (losses.h): a client that is told of a gap too many asks nobody twice; one that is not told
// of a gap believes it has everything.
//
// Errors are those of the store; after one, the next step begins anew. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/log/believed_time.h"
#include "src/log/holes.h"
#include "src/log/log_store.h"

namespace tidemark {

/// 0 keeps everything.
struct RetentionPolicy {
  Millis age{};
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;

  [[nodiscard]] bool keeps_everything() const { return age == Millis(0) && bytes == 0 && records == 0; }
};

class Retention {
 public:
  /// All references must outlive it. Of `holes` every channel is told anyway: they are not noted once more.
  Retention(const LogStore& store, const RetentionPolicy& policy, const Clock& clock, BelievedTime time,
            Holes holes = {})
      : store_(store), policy_(policy), clock_(clock), holes_(std::move(holes)), time_(std::move(time)) {}
  /// Where the clock is right to begin with.
  Retention(const LogStore& store, const RetentionPolicy& policy, const Clock& clock, Holes holes = {})
      : Retention(store, policy, clock, BelievedTime(clock, clock.wall(), std::nullopt), std::move(holes)) {}

  /// LogStore::trim, or what is to happen around it.
  using Trim = FunctionRef<Result<void>(Offset before, std::span<const ChannelLoss> losses)>;

  /// Removes the next slice, if anything is to go. True: there may be more.
  [[nodiscard]] Result<bool> step(Trim trim);

 private:
  struct Target {
    Offset before;
    std::string_view rule;  // the one that wants the most to go
  };
  /// What is to go in one step: all before `end`.
  struct Slice {
    Offset end;
    std::map<std::string, Offset, std::less<>> lost;
    Offset damaged;  // the newest one that could not be read; 0: none
  };

  [[nodiscard]] Result<Target> target(const StoreState& state);
  [[nodiscard]] Result<Slice> slice(Offset from, Offset before) const;
  void report();

  const LogStore& store_;
  const RetentionPolicy policy_;
  const Clock& clock_;
  const Holes holes_;
  BelievedTime time_;   // by the rule of age only
  Offset aged_before_;  // everything before it was found to be too old

  // Not yet in the journal.
  std::uint64_t removed_ = 0;
  Offset removed_before_;
  std::string_view rule_;
  bool reported_ = false;
  Millis reported_at_{};
};

}  // namespace tidemark
