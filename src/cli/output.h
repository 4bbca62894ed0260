// Standard output of a command: data only, in large writes. Talk goes to standard error.
//
// Whoever reads may go away ("| head"): that is no error, only the end. Every other failure to write is one: half of an
// answer must not look like all of it. One thread.
#pragma once

#include <optional>
#include <string>

#include "src/base/error.h"

namespace tidemark::cli {

/// Whether what TERM names obeys control sequences, if there is a terminal.
[[nodiscard]] bool terminal_obeys();

class Output {
 public:
  /// `descriptor` stays the caller's.
  explicit Output(int descriptor);
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// What is to be written next is appended to it.
  [[nodiscard]] std::string& text() { return text_; }
  /// Writes once there is enough. False: nothing more can be written.
  bool settle();
  /// Writes all. False: nothing more can be written.
  bool flush();

  /// Nobody reads any more. Asks the kernel, also while there is nothing to write.
  [[nodiscard]] bool reader_is_gone();
  /// io, out_of_space: a write failed. A reader that is gone is no failure.
  [[nodiscard]] Result<void> outcome() const { return outcome_; }

  [[nodiscard]] bool is_terminal() const { return terminal_; }
  /// How large the terminal's window is now. Nothing: it does not say.
  struct Window {
    unsigned columns = 0, rows = 0;
  };
  [[nodiscard]] std::optional<Window> window() const;
  /// A terminal that shows colours, and a user who has not said NO_COLOR (https://no-color.org).
  [[nodiscard]] bool is_coloured() const { return coloured_; }

 private:
  const int descriptor_;
  const bool terminal_;
  const bool coloured_;
  std::string text_;
  bool open_ = true;
  Result<void> outcome_;
};

}  // namespace tidemark::cli
