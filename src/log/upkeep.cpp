#include "src/log/upkeep.h"

namespace tidemark {

void Upkeep::start() {
  thread_ = std::thread([this] { run(); });
}

void Upkeep::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Upkeep::round() { sequencer_.check_writable(); }

void Upkeep::run() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, interval_, [this] { return stopped_; })) {
    lock.unlock();
    round();
    lock.lock();
  }
}

}  // namespace tidemark
