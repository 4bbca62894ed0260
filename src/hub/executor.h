// Runs things on one I/O thread, in order.
#pragma once

#include <chrono>
#include <functional>

namespace tidemark {

class Executor {
 public:
  virtual ~Executor() = default;
  /// Any thread.
  virtual void post(std::function<void()> task) = 0;
  /// After that time at the earliest. The executor's own thread only.
  virtual void post_after(std::chrono::microseconds delay, std::function<void()> task) = 0;
};

}  // namespace tidemark
