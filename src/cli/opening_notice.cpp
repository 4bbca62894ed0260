#include "src/cli/opening_notice.h"

#include <utility>

namespace tidemark::cli {

OpeningNotice::OpeningNotice(Say say, std::string_view doing, Millis patience)
    : say_(std::move(say)), doing_(doing), thread_([this, patience] {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, patience, [this] { return over_; })) return;
        late_ = true;
        say_(doing_);
      }) {}

OpeningNotice::~OpeningNotice() {
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void OpeningNotice::next(std::string_view doing) {
  const std::scoped_lock lock(mutex_);
  doing_ = doing;
  if (late_) say_(doing_);
}

}  // namespace tidemark::cli
