// The queue between those who publish and the sequencer: bounded in bytes, handed over by swapping a whole vector.
//
// A draft counts against the bound until it has its outcome, not merely until it was taken: the bound is what all
// unanswered drafts together may use.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

#include "src/log/log.h"

namespace tidemark {

class DraftQueue {
 public:
  explicit DraftQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Any thread. A draft larger than the whole bound is taken when nothing else is in the queue.
  [[nodiscard]] Log::Admission push(Draft&& draft);

  /// Sequencer only. Waits for drafts and takes all of them, in order, into the empty vector `drafts`. False: the queue
  /// was closed and is empty.
  [[nodiscard]] bool take(std::vector<Draft>& drafts);

  /// Sequencer only. `bytes` have their outcome. True if the queue had refused a draft and is at most half full now.
  [[nodiscard]] bool release(std::size_t bytes);

  /// Any thread. No more drafts are taken in; those inside can still be taken out.
  void close();

 private:
  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<Draft> drafts_;
  std::size_t bytes_ = 0;
  bool refused_ = false;
  bool closed_ = false;
};

}  // namespace tidemark
