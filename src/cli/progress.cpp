#include "src/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "src/cli/output.h"

namespace tidemark::cli {
namespace {

constexpr auto kBetweenUpdates = std::chrono::milliseconds(200);

std::string time_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds) + 1;
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace

Progress::Progress(std::string_view doing, std::string_view unit)
    : doing_(doing), unit_(unit), shown_(::isatty(STDERR_FILENO) == 1 && terminal_obeys()) {}

void Progress::update(std::uint64_t done, std::uint64_t total) {
  if (!shown_) return;
  const auto now = Clock::now();
  if (now - last_ < kBetweenUpdates) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double rate = static_cast<double>(done) / seconds;
  if (rate <= 0) return;
  fmt::print(stderr, "\r\x1b[K{}: {} of {} {}, {}/s, {} left", doing_, grouped(done), grouped(total), unit_,
             grouped(static_cast<std::uint64_t>(rate)), time_text(static_cast<double>(total - done) / rate));
  std::fflush(stderr);
  on_screen_ = true;
}

void Progress::clear() {
  if (!on_screen_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  on_screen_ = false;
}

std::string grouped(std::uint64_t number) {
  const auto digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string counted(std::uint64_t number, std::string_view what) {
  return fmt::format("{} {}{}", grouped(number), what, number == 1 ? "" : "s");
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", grouped(number), number == 1 ? one : many);
}

std::string size_text(std::uint64_t bytes) {
  constexpr double kStep = 1024;
  auto amount = static_cast<double>(bytes);
  if (amount < kStep) return counted(bytes, "byte");
  std::string_view unit;
  for (const std::string_view next : {"KiB", "MiB", "GiB", "TiB"}) {
    unit = next;
    amount /= kStep;
    if (amount < kStep) break;
  }
  return fmt::format("{:.1f} {}", amount, unit);
}

}  // namespace tidemark::cli
