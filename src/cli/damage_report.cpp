#include "src/cli/damage_report.h"

#include <fmt/format.h>

#include <cstdio>

#include "src/base/command_limits.h"
#include "src/cli/progress.h"
#include "src/log/damage.h"

namespace tidemark::cli {
namespace {

/// The advice is given once, at the end.
std::string without_advice(std::string text) {
  const auto advice = text.rfind(kDamageAdvice);
  if (advice == std::string::npos) return text;
  text.resize(advice);
  while (text.ends_with(' ') || text.ends_with(';') || text.ends_with(':')) text.pop_back();
  return text;
}

}  // namespace

std::string stretch_text(OffsetRange stretch, const Error& error) {
  // One that trimming took is told with its extent.
  if (stretch.first == stretch.last || error.code != ErrorCode::corrupt) return error.context;
  return fmt::format("offsets {} to {} cannot be read; of the first: {}", stretch.first.value(), stretch.last.value(),
                     error.context);
}

std::string hole_text(OffsetRange hole) {
  if (hole.first == hole.last) {
    return fmt::format("offset {} holds no record: a repair or a copy left it out", hole.first.value());
  }
  return fmt::format("offsets {} to {} hold no record: a repair or a copy left them out", hole.first.value(),
                     hole.last.value());
}

void DamageReport::add(OffsetRange stretch, const Error& error) {
  offsets_ += stretch.size();
  if (++stretches_ <= limits::kStretchesTold) told_.push_back(without_advice(stretch_text(stretch, error)));
}

bool DamageReport::tell() const {
  if (offsets_ == 0 && beside_.empty()) return false;
  for (const auto& sentence : beside_) fmt::print(stderr, "tidemark: {}\n", without_advice(sentence));
  for (const auto& sentence : told_) fmt::print(stderr, "tidemark: {}\n", sentence);
  if (stretches_ > told_.size()) {
    fmt::print(stderr, "tidemark: and {} more\n", counted(stretches_ - told_.size(), "stretch", "stretches"));
  }
  if (offsets_ > 0) {
    fmt::print(stderr, "tidemark: {} could not be read, and no channel counts {}; 'tidemark verify' lists all damage\n",
               counted(offsets_, "record"), offsets_ == 1 ? "it" : "them");
  } else {
    fmt::print(stderr, "tidemark: 'tidemark verify' lists all damage\n");
  }
  return true;
}

}  // namespace tidemark::cli
