// The threads on which the API reads the log. Apart from the catch-up readers, so that whoever exports the log does not
// keep subscribers waiting. One job is one page: long answers take turns.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "src/base/limits.h"

namespace tidemark {

class ReaderPool {
 public:
  explicit ReaderPool(std::size_t queue_max = limits::kApiQueue) : queue_max_(queue_max) {}
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;
  ~ReaderPool() { stop(); }

  void start(std::size_t threads);
  /// Any thread. False: the queue is full or stopped; the job will not run.
  [[nodiscard]] bool run(std::function<void()> job);
  /// Ends the threads; jobs still queued are dropped. Idempotent.
  void stop();

 private:
  void work();

  const std::size_t queue_max_;
  std::mutex mutex_;  // guards jobs_ and stopped_
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tidemark
