// Catch-up: pages of a channel, read from the store and encoded on threads of its own (reader_threads.h), off the I/O
// threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "src/base/error.h"
#include "src/base/limits.h"
#include "src/hub/frame_encoder.h"
#include "src/hub/page.h"
#include "src/log/log.h"
#include "src/log/reader_threads.h"

namespace tidemark {

class CatchUp {
 public:
  /// `log` and `encoder` must outlive it.
  CatchUp(const Log& log, const FrameEncoder& encoder, std::size_t queue_max = limits::kCatchUpQueue)
      : log_(log), encoder_(encoder), readers_(queue_max) {}
  CatchUp(const CatchUp&) = delete;
  CatchUp& operator=(const CatchUp&) = delete;

  struct Request {
    std::string channel;
    Offset after;
    Offset up_to;                                     // at most log.head()
    std::optional<std::size_t> last;                  // instead of `after`: begin before the newest so many records
    std::shared_ptr<const std::atomic<bool>> wanted;  // if it has become false the request is dropped; may be null
    std::function<void(Result<PagePtr>)> done;        // called on a reader thread
  };

  void start(std::size_t threads) { readers_.start(threads); }
  /// Any thread. False if the queue is full or stopped: ask again later; `done` will not be called.
  [[nodiscard]] bool request(Request request);
  /// Ends the threads; requests still queued are dropped. Idempotent.
  void stop() { readers_.stop(); }

  /// Serves the oldest queued request in the calling thread; false if there is none. For those who run without threads.
  bool run_one() { return readers_.run_one(); }

  /// Reads one page in the calling thread. Whoever begins at the newest N has no place in the log yet: nothing can be
  /// missing before it.
  [[nodiscard]] Result<PagePtr> read(const Request& request) const;

 private:
  /// One try; the channel has lost everything up to `lost`.
  [[nodiscard]] Result<std::shared_ptr<Page>> read_once(const Request& request, Offset lost) const;

  const Log& log_;
  const FrameEncoder& encoder_;
  ReaderThreads readers_;
};

}  // namespace tidemark
