// A view that is drawn again and again on a terminal: on its second screen, so that what was on the first is there again when
// the view ends or ctrl-Z stops it, however that comes about, but for SIGKILL and SIGSTOP. In the background of its terminal it
// is not drawn; in the foreground again it is there again, and so are its keys. Where the output is no terminal, or one that can
// do nothing, the views follow each other. One thread.
#pragma once

#include <cstddef>
#include <string>

#include "src/cli/output.h"
#include "src/cli/terminal_keys.h"

namespace tidemark::cli {

class LiveScreen {
 public:
  /// `output` outlives it. `wanted` false: never a screen.
  LiveScreen(Output& output, bool wanted);
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;
  ~LiveScreen() { hide(); }

  [[nodiscard]] bool on() const { return on_; }
  /// What follows in the output's text is the next view.
  void begin_view() { begin_ = output_.text().size(); }
  /// It is whole: lines and columns for which the window has no room are left out, so that its beginning stays in sight.
  /// Columns are counted as bytes.
  void end_view();

  /// Whether the user has pressed `q`. To be called a few times a second, between views: ctrl-Z stops in it.
  [[nodiscard]] bool quits();

 private:
  void show();
  void hide();
  void draw();

  Output& output_;
  const bool on_;
  TerminalKeys keys_;
  bool shown_ = false;
  std::string view_;       // the last one
  std::size_t begin_ = 0;  // of the next one, in the text
};

}  // namespace tidemark::cli
