// Upkeep: what the log does for itself, whether or not anyone publishes.
//
// Every interval it asks whether the store would take records, so that a full disk is known before the next message
// finds it and room is known although nobody tries again; then it trims what retention wants to go, step by step. After
// each step it rests for as long as the step took: appends get at least half of the store's time.
//
// A trim that fails is tried again in the next round, and said once until one works.
//
// Threads: start and stop belong to the log's owner; the work runs on a thread of its own, or in the caller of round().
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "src/base/clock.h"
#include "src/log/losses.h"
#include "src/log/retention.h"
#include "src/log/sequencer.h"

namespace tidemark {

class Upkeep {
 public:
  /// All references must outlive it.
  Upkeep(LogStore& store, Sequencer& sequencer, Losses& losses, const RetentionPolicy& policy, const Clock& clock,
         Millis interval, BelievedTime time, Holes holes = {})
      : store_(store),
        sequencer_(sequencer),
        losses_(losses),
        retention_(store, policy, clock, std::move(time), std::move(holes)),
        retains_(!policy.keeps_everything()),
        interval_(interval) {}
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;
  ~Upkeep() { stop(); }

  void start();
  /// Waits for the round, or the step of a trim, that is under way. Idempotent.
  void stop();

  /// One round in the calling thread. True: it ended with more to trim, after an interval of it.
  [[nodiscard]] bool round();

 private:
  void run();
  [[nodiscard]] Result<bool> trim_step();
  /// False: stopped meanwhile.
  [[nodiscard]] bool rest(std::chrono::steady_clock::duration time);

  LogStore& store_;
  Sequencer& sequencer_;
  Losses& losses_;
  Retention retention_;
  const bool retains_;
  const Millis interval_;
  bool failure_noted_ = false;

  std::mutex mutex_;  // guards stopped_
  std::condition_variable stop_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace tidemark
