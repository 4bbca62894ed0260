// What of the log could not be read since the start, so that an operator is told of it: at /readyz, in /api/v1/info, and in
// the journal - once for each place and then at most once a minute, however many clients stand before it and come back to it.
//
// A place is known by its record's offset, else by its error's sentence. Any thread; the lock is held for a look through
// the few that are kept, once per read that failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/record.h"

namespace tidemark {

struct ReadFailure {
  std::string sentence;
  Offset record{};  // where it is one that cannot be read, else 0
  std::uint64_t times = 0;
  TimeMs last;
};

class ReadFailures {
 public:
  /// A line in the journal is due if it answers something: how often that place was met since the last one.
  [[nodiscard]] std::optional<std::uint64_t> note(const Error& error, TimeMs wall, Millis steady);

  [[nodiscard]] std::uint64_t count() const;
  /// In the order in which they were found: kReadFailuresKept at most.
  [[nodiscard]] std::vector<ReadFailure> places() const;

 private:
  struct Place {
    ReadFailure failure;
    std::uint64_t unsaid = 0;
    Millis next_line{};
  };

  mutable std::mutex mutex_;  // guards the rest
  std::uint64_t count_ = 0;
  std::vector<Place> places_;
  Place others_;  // all that found no room among them
};

}  // namespace tidemark
