// Reader threads: a few of them, on which the log is read for those who must not wait for it. One job is one page, so that
// long reads take turns. Who must not keep each other waiting have threads of their own: subscribers that catch up, and
// the API.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tidemark {

class ReaderThreads {
 public:
  explicit ReaderThreads(std::size_t queue_max) : queue_max_(queue_max) {}
  ReaderThreads(const ReaderThreads&) = delete;
  ReaderThreads& operator=(const ReaderThreads&) = delete;
  ~ReaderThreads() { stop(); }

  void start(std::size_t threads);
  /// Any thread. False: the queue is full or stopped; the job will not run.
  [[nodiscard]] bool run(std::function<void()> job);
  /// Ends the threads; jobs still queued are dropped. Idempotent.
  void stop();

  /// Runs the oldest queued job in the calling thread; false if there is none. For those who do without threads.
  bool run_one();

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
