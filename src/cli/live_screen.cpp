#include "src/cli/live_screen.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "src/cli/suspension.h"

namespace tidemark::cli {
namespace {

// xterm's control sequences, which terminals have in common (terminfo: smcup and civis, cnorm and rmcup, home and ed).
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H\x1b[J";

/// Somebody else has the terminal; -1: it is nobody's.
bool in_background() {
  const auto group = ::tcgetpgrp(STDOUT_FILENO);
  return group != -1 && group != ::getpgrp();
}

}  // namespace

LiveScreen::LiveScreen(Output& output, bool wanted)
    : output_(output), on_(wanted && output.is_terminal() && terminal_obeys()), keys_(on_) {
  if (on_) note_suspensions();
  show();
}

void LiveScreen::show() {
  if (!on_ || shown_ || in_background()) return;
  output_.text() += kEnter;
  shown_ = true;
  draw();
}

void LiveScreen::hide() {
  if (!shown_) return;
  output_.text() += kLeave;
  output_.flush();
  shown_ = false;
}

bool LiveScreen::quits() {
  if (!on_) return false;
  if (suspension_wanted()) {
    hide();
    keys_.give_back();
    suspend();
  }
  show();
  return keys_.pressed('q');
}

void LiveScreen::end_view() {
  if (!on_) return;
  view_ = output_.text().substr(begin_);
  output_.text().resize(begin_);
  if (!in_background()) draw();
}

void LiveScreen::draw() {
  if (!shown_) return;
  output_.text() += kHome;
  const auto window = output_.window();
  if (!window) {
    output_.text() += view_;
    return;
  }
  std::string_view rest = view_;
  for (unsigned row = 0; row < window->rows && !rest.empty(); ++row) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (row > 0) output_.text() += '\n';  // none behind the last line: it would scroll
    output_.text() += line.substr(0, window->columns);
  }
}

}  // namespace tidemark::cli
