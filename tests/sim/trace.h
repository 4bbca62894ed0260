// What a simulation says: its last events, and why it ended.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <deque>
#include <stdexcept>
#include <string>
#include <utility>

namespace tidemark::sim {

/// A promise that was not kept.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void violated(fmt::format_string<Args...> text, Args&&... args) {
  throw Violation(fmt::format(text, std::forward<Args>(args)...));
}

/// The newest events of a run. Off in bulk runs, where a failing seed is simply run again.
class Trace {
 public:
  explicit Trace(bool on) : on_(on) {}

  void begin_step(std::size_t step) { step_ = step; }
  template <class... Args>
  void note(fmt::format_string<Args...> text, Args&&... args) {
    if (!on_) return;
    lines_.push_back(fmt::format("{:5} {}", step_, fmt::format(text, std::forward<Args>(args)...)));
    if (lines_.size() > kLines) lines_.pop_front();
  }
  [[nodiscard]] const std::deque<std::string>& lines() const { return lines_; }

 private:
  static constexpr std::size_t kLines = 400;
  const bool on_;
  std::size_t step_ = 0;
  std::deque<std::string> lines_;
};

}  // namespace tidemark::sim
