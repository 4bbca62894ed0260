#include "src/server/read_failures.h"

#include <algorithm>
#include <utility>

#include "src/base/limits.h"

namespace tidemark {

std::optional<std::uint64_t> ReadFailures::note(const Error& error, TimeMs wall, Millis steady) {
  const std::lock_guard lock(mutex_);
  ++count_;
  const auto known = std::ranges::find_if(places_, [&](const Place& place) {
    return place.failure.record == error.record &&
           (error.record != Offset() || place.failure.sentence == error.context);
  });
  Place* place = &others_;
  if (known != places_.end()) {
    place = &*known;
  } else if (places_.size() < limits::kReadFailuresKept) {
    place = &places_.emplace_back(Place{.failure = {.sentence = error.context, .record = error.record}});
  }
  ++place->failure.times;
  ++place->unsaid;
  place->failure.last = wall;
  if (place->failure.times > 1 && steady < place->next_line) return std::nullopt;
  place->next_line = steady + Millis(limits::kReadFailureLinePause);
  return std::exchange(place->unsaid, 0);
}

std::uint64_t ReadFailures::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

std::vector<ReadFailure> ReadFailures::places() const {
  const std::lock_guard lock(mutex_);
  std::vector<ReadFailure> result;
  result.reserve(places_.size());
  for (const Place& place : places_) result.push_back(place.failure);
  return result;
}

}  // namespace tidemark
