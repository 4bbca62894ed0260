// How clients came back: counts since the start and the latest ones, for the inspector. Any thread; the lock is held for
// one entry, once per CONNECT.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "src/base/offset.h"
#include "src/base/record.h"

namespace tidemark {

struct Recovery {
  enum class Way : std::uint8_t {
    resumed,   // the session is restored, what was missed comes from memory
    replayed,  // the session is restored, what was missed comes from the store
    fresh,     // a new session
  };
  Way way;
  TimeMs time;
  std::string channel;
  std::string sid;
  std::string sender;
  Offset after;  // records after this one were owed
  std::string
      reason;  // why it is a new session or has a gap; empty for one who has seen nothing yet and for recovered ones
};

[[nodiscard]] std::string_view name(Recovery::Way way);

class Recoveries {
 public:
  struct Counts {
    std::uint64_t resumed = 0, replayed = 0, fresh = 0;
  };

  void note(Recovery recovery);
  [[nodiscard]] Counts counts() const;
  /// The latest, newest first: kRecoveriesKept at most.
  [[nodiscard]] std::vector<Recovery> latest() const;

 private:
  mutable std::mutex mutex_;  // guards the rest
  Counts counts_;
  std::deque<Recovery> latest_;
};

}  // namespace tidemark
