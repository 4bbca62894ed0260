#include "src/log/draft_queue.h"

#include <utility>

namespace tidemark {

Log::Admission DraftQueue::push(Draft&& draft) {
  const auto bytes = draft.bytes();
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return Log::Admission::closed;
    if (bytes_ > 0 && bytes_ + bytes > bytes_max_) {
      refused_ = true;
      return Log::Admission::full;
    }
    bytes_ += bytes;
    drafts_.push_back(std::move(draft));
  }
  filled_.notify_one();
  return Log::Admission::queued;
}

bool DraftQueue::take(std::vector<Draft>& drafts) {
  std::unique_lock lock(mutex_);
  filled_.wait(lock, [this] { return closed_ || !drafts_.empty(); });
  drafts.swap(drafts_);
  return !drafts.empty();
}

bool DraftQueue::release(std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  bytes_ -= bytes;
  if (!refused_ || bytes_ > bytes_max_ / 2) return false;
  refused_ = false;
  return true;
}

void DraftQueue::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  filled_.notify_one();
}

}  // namespace tidemark
