// A view that is drawn again and again on a terminal: on its second screen, so that what was on the first is there again when
// the view ends, however it does, but for SIGKILL. Where the output is no terminal, or one that can do nothing, the views follow
// each other. One thread.
#pragma once

#include <cstddef>

#include "src/cli/output.h"

namespace tidemark::cli {

class LiveScreen {
 public:
  /// `output` outlives it. `wanted` false: never a screen.
  LiveScreen(Output& output, bool wanted);
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;
  ~LiveScreen();

  [[nodiscard]] bool on() const { return on_; }
  /// What follows in the output's text is the next view.
  void begin_view();
  /// It is whole: lines and columns for which the window has no room are left out, so that its beginning stays in sight.
  /// Columns are counted as bytes.
  void end_view();

 private:
  Output& output_;
  const bool on_;
  std::size_t begin_ = 0;  // of the view, in the text
};

}  // namespace tidemark::cli
