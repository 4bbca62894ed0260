// The lines of a file or of standard input, one after the other, whatever their number. A line has a bound. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/command_limits.h"
#include "src/base/error.h"

namespace tidemark::cli {

class InputLines {
 public:
  /// "-" is standard input. A line is too long if more than `most` bytes and what is read at once hold no end of it. Errors:
  /// not_found, io.
  [[nodiscard]] static Result<InputLines> open(std::string_view name, std::size_t most = limits::kLineBytes);
  InputLines(InputLines&& other) noexcept;
  InputLines& operator=(InputLines&&) = delete;
  ~InputLines();

  /// Without its line end; nothing at the end. Valid until the next call. Errors: io, invalid_argument (too long),
  /// closed (interrupted).
  [[nodiscard]] Result<std::optional<std::string_view>> next();
  /// next() would not wait: a whole line is there, the end, or an error. Reads what has come.
  [[nodiscard]] bool has_line();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  /// 0: not known, as of a pipe.
  [[nodiscard]] std::uint64_t bytes_total() const { return bytes_total_; }

 private:
  InputLines(std::string name, int descriptor, std::uint64_t total, std::size_t most)
      : name_(std::move(name)), descriptor_(descriptor), bytes_total_(total), most_(most) {}

  /// Reads once.
  [[nodiscard]] Result<void> read();
  [[nodiscard]] bool is_readable(int wait_ms) const;

  std::string name_;
  int descriptor_;
  std::uint64_t bytes_total_;
  std::size_t most_;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t number_ = 0;
  std::string buffer_;
  std::size_t begin_ = 0;        // of the next line in buffer_
  std::size_t searched_ = 0;     // no line end before it, from begin_ on
  std::optional<Error> failed_;  // has_line() came upon it
  bool ended_ = false;
};

}  // namespace tidemark::cli
