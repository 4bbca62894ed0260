// Says what a start is busy with where opening its log takes long; of a quick one, as nearly every one is, nothing.
//
//   event=opening data=/var/lib/tidemark engine=rocksdb doing="the engine opens its files and replays its write-ahead log"
//
// Whoever opens a log is busy until it is open, so a thread of this object's own waits for the moment and is gone with it.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>

#include "src/base/clock.h"
#include "src/base/command_limits.h"

namespace tidemark::cli {

class OpeningNotice {
 public:
  /// What is being done, as a sentence. Called by one thread at a time.
  using Say = std::function<void(std::string_view doing)>;

  /// `doing`, here and below, are literals. Nothing is said before `patience` is over.
  OpeningNotice(Say say, std::string_view doing, Millis patience = limits::kOpeningPatience);
  OpeningNotice(const OpeningNotice&) = delete;
  OpeningNotice& operator=(const OpeningNotice&) = delete;
  /// It is open, or will never be.
  ~OpeningNotice();

  /// The next step has begun.
  void next(std::string_view doing);

 private:
  const Say say_;
  std::mutex mutex_;  // guards what follows, and is held while it is said
  std::condition_variable changed_;
  std::string_view doing_;
  bool late_ = false;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace tidemark::cli
