#include "src/cli/terminal_keys.h"

#include <unistd.h>

namespace tidemark::cli {

TerminalKeys::TerminalKeys(bool wanted) {
  termios now{};
  // In the background, to change the terminal stops a process (termios(3)), and keys are somebody else's.
  if (!wanted || ::tcgetattr(STDIN_FILENO, &now) != 0 || ::tcgetpgrp(STDIN_FILENO) != ::getpgrp()) return;
  before_ = now;
  now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  now.c_cc[VMIN] = 0;  // a read does not wait
  now.c_cc[VTIME] = 0;
  if (::tcsetattr(STDIN_FILENO, TCSANOW, &now) != 0) before_.reset();
}

TerminalKeys::~TerminalKeys() {
  if (before_) (void)::tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
}

bool TerminalKeys::pressed(char key) {
  bool found = false;
  for (char one = 0; before_ && ::read(STDIN_FILENO, &one, 1) == 1;) found = found || one == key;
  return found;
}

}  // namespace tidemark::cli
