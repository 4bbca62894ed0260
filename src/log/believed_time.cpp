#include "src/log/believed_time.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <utility>

#include "src/base/journal.h"
#include "src/base/limits.h"

namespace tidemark {
namespace {

constexpr std::int64_t kNoDoubt = -1;

struct Noted {
  std::int64_t time = 0, doubted = kNoDoubt;
};

std::optional<Noted> parse(std::string_view text) {
  Noted noted;
  const auto* const end = text.data() + text.size();
  const auto time = std::from_chars(text.data(), end, noted.time);
  if (time.ec != std::errc() || time.ptr == end) return std::nullopt;
  const auto doubted = std::from_chars(time.ptr + 1, end, noted.doubted);
  if (doubted.ec != std::errc() || doubted.ptr != end) return std::nullopt;
  return noted;
}

}  // namespace

BelievedTime::BelievedTime(const Clock& clock, TimeMs known, std::optional<NoteFile> note)
    : clock_(clock), note_(std::move(note)), time_(known), steady_(clock.steady()) {
  load();
}

TimeMs BelievedTime::now() {
  const auto wall = clock_.wall();
  const auto steady = clock_.steady();
  const auto passed = steady - std::exchange(steady_, steady);
  const TimeMs expected{time_.value + passed.count()};
  const Millis jump{wall.value - expected.value};
  if (jump <= limits::kClockJump) {
    doubted_.reset();
    return believe(wall);
  }
  if (!doubted_) {
    doubted_ = Millis(0);
    journal::warning("clock-jumped", {{"ahead_ms", jump.count()},
                                      {"believed_in_ms", Millis(limits::kClockDoubt).count()},
                                      {"effect", "until then nothing is removed for an age that depends on it"}});
  } else {
    *doubted_ += passed;
  }
  if (*doubted_ < limits::kClockDoubt) return believe(expected);
  doubted_.reset();
  return believe(wall);
}

TimeMs BelievedTime::believe(TimeMs time) {
  time_ = time;
  if (note_) save();
  return time;
}

void BelievedTime::load() {
  std::optional<Noted> newest;
  for (int line = 0; note_ && line < NoteFile::kLines; ++line) {
    const auto text = note_->line(line);
    const auto noted = text && *text ? parse(**text) : std::nullopt;
    if (!noted || (newest && newest->time >= noted->time)) continue;
    newest = noted;
    next_line_ = 1 - line;
  }
  if (!newest) return;
  time_ = {newest->time};
  if (newest->doubted != kNoDoubt) doubted_ = Millis(newest->doubted);
}

void BelievedTime::save() {
  const auto text = fmt::format("{} {}", time_.value, doubted_ ? doubted_->count() : kNoDoubt);
  const auto written = note_->write(next_line_, text);
  next_line_ = 1 - next_line_;
  if (written || std::exchange(failure_said_, true)) return;
  journal::warning("clock-note-failed", {{"cause", written.error().context}});
}

}  // namespace tidemark
