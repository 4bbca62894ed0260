#include "src/cli/terminal_keys.h"

#include <poll.h>
#include <unistd.h>

namespace tidemark::cli {
namespace {

constexpr tcflag_t kOfLines = ICANON | ECHO;

/// Who reads or changes the terminal from its background is stopped (termios(3)); keys are somebody else's there.
bool in_foreground() { return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp(); }

}  // namespace

bool TerminalKeys::take() {
  termios now{};
  if (!wanted_ || !in_foreground() || ::tcgetattr(STDIN_FILENO, &now) != 0) return false;
  if ((now.c_lflag & kOfLines) == 0) return true;
  const termios before = now;  // of a shell, if it had the terminal meanwhile
  now.c_lflag &= ~kOfLines;
  now.c_cc[VMIN] = 0;
  now.c_cc[VTIME] = 0;
  if (::tcsetattr(STDIN_FILENO, TCSANOW, &now) != 0) return false;
  before_ = before;
  return true;
}

void TerminalKeys::give_back() {
  if (before_ && in_foreground()) (void)::tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
  before_.reset();
}

bool TerminalKeys::pressed(char key) {
  if (!take()) return false;
  bool found = false;
  char one = 0;
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  while (::poll(&input, 1, 0) == 1 && ::read(STDIN_FILENO, &one, 1) == 1) found = found || one == key;
  return found;
}

}  // namespace tidemark::cli
