// Keys that a view on a terminal is told by, without a line end behind them and without their echo. Ctrl-C and ctrl-Z stay what
// they are. Keys and modes are this command's only while it is in the foreground of its terminal: in the background neither is
// touched, and in the foreground again they are taken anew. The terminal is as it was before when this ends there, or gives it
// back, but for SIGKILL and SIGSTOP. One thread.
#pragma once

#include <termios.h>

#include <optional>

namespace tidemark::cli {

class TerminalKeys {
 public:
  /// Of standard input, if it is a terminal; `wanted` false: never any.
  explicit TerminalKeys(bool wanted) : wanted_(wanted) { (void)take(); }
  TerminalKeys(const TerminalKeys&) = delete;
  TerminalKeys& operator=(const TerminalKeys&) = delete;
  ~TerminalKeys() { give_back(); }

  /// `key` was pressed since the last call; others that were are forgotten.
  [[nodiscard]] bool pressed(char key);

  /// Until the next call of `pressed`.
  void give_back();

 private:
  [[nodiscard]] bool take();

  const bool wanted_;
  std::optional<termios> before_;  // nothing: there is nothing to give back
};

}  // namespace tidemark::cli
