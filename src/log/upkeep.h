// Upkeep: what the log does for itself, whether or not anyone publishes.
//
// Every interval it asks whether the store would take records, so that a full disk is known before the next message
// finds it and room is known although nobody tries again.
//
// Threads: start and stop belong to the log's owner; the work runs on a thread of its own, or in the caller of round().
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "src/base/clock.h"
#include "src/log/sequencer.h"

namespace tidemark {

class Upkeep {
 public:
  /// `sequencer` must outlive it.
  Upkeep(Sequencer& sequencer, Millis interval) : sequencer_(sequencer), interval_(interval) {}
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;
  ~Upkeep() { stop(); }

  void start();
  /// Waits for the round under way. Idempotent.
  void stop();

  /// One round in the calling thread.
  void round();

 private:
  void run();

  Sequencer& sequencer_;
  const Millis interval_;
  std::mutex mutex_;  // guards stopped_
  std::condition_variable stop_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace tidemark
