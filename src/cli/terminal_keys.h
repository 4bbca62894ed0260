// Keys that a view on a terminal is told by, without a line end behind them and without their echo. Ctrl-C and ctrl-Z stay what
// they are. The terminal is as it was before when this ends, however the view does, but for SIGKILL. One thread.
#pragma once

#include <termios.h>

#include <optional>

namespace tidemark::cli {

class TerminalKeys {
 public:
  /// Of standard input, if it is a terminal and this command is in its foreground; `wanted` false: never any.
  explicit TerminalKeys(bool wanted);
  TerminalKeys(const TerminalKeys&) = delete;
  TerminalKeys& operator=(const TerminalKeys&) = delete;
  ~TerminalKeys();

  /// `key` was pressed since the last call; others that were are forgotten.
  [[nodiscard]] bool pressed(char key);

 private:
  std::optional<termios> before_;  // nothing: there are no keys
};

}  // namespace tidemark::cli
