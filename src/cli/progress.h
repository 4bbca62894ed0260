// How far long work is: one line that is written over, on a terminal; nothing at all in a pipe or a file.
//
//   checking: 1,204,224 of 4,000,000 offsets, 812,000/s, 3 s left
//
// On standard error, without colour. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemark::cli {

class Progress {
 public:
  /// `unit`: of what update() tells.
  explicit Progress(std::string_view doing, std::string_view unit = "offsets");
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  void update(std::uint64_t done, std::uint64_t total);
  /// Takes the line away, so that something else can be said.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  const std::string doing_, unit_;
  const bool shown_;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point last_ = started_;
  bool on_screen_ = false;
};

/// "1,204,224"
[[nodiscard]] std::string grouped(std::uint64_t number);
/// "1 record", "1,204 records"
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view what);
/// Where the plural is another word.
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view one, std::string_view many);
/// "1.2 MiB": powers of 1024, as options that take sizes are given by default.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace tidemark::cli
