// The publishers of one I/O thread: what each of them may have in the sequencer's queue (publisher.h says why), and who
// waits for room there. Owned by the thread's shard and used on that thread only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "src/hub/shard_options.h"
#include "src/log/log.h"

namespace tidemark {

class Publisher;

class PublishingShares {
 public:
  /// `options` must outlive it.
  explicit PublishingShares(const ShardOptions& options) : options_(options) {}
  PublishingShares(const PublishingShares&) = delete;
  PublishingShares& operator=(const PublishingShares&) = delete;

  /// A publisher's number, under which it is told of its outcomes.
  [[nodiscard]] std::uint64_t enter(Publisher& publisher);
  void leave(Publisher& publisher);

  /// What each may have in the queue.
  struct Share {
    std::size_t drafts, bytes;
  };
  [[nodiscard]] Share share() const {
    const std::size_t parts = std::max<std::size_t>(publishing_, 1);
    return {.drafts = options_.share_drafts / parts, .bytes = options_.share_bytes / parts};
  }
  /// A draft of this publisher is in the queue.
  void queued(Publisher& publisher);
  /// Drafts that have no outcome yet.
  [[nodiscard]] std::size_t undecided() const { return undecided_; }

  /// The outcomes of a commit are here: on_outcome() follows for each.
  void begin_outcomes();
  void on_outcome(const Origin& origin);
  /// All drafts of this publisher have their outcome.
  void finished(Publisher& publisher);

  /// Its draft found the queue full. Those who wait are asked in the order in which they came.
  void wait_for_room(Publisher& publisher) { waiting_.push_back(&publisher); }
  void forget_room(Publisher& publisher) { std::erase(waiting_, &publisher); }
  void on_room();

 private:
  const ShardOptions& options_;
  std::unordered_map<std::uint64_t, Publisher*> publishers_;  // those that have published since they came
  std::uint64_t last_number_ = 0;
  std::size_t publishing_ = 0;  // how many of them share the queue
  std::size_t undecided_ = 0;
  std::vector<std::uint64_t> finished_;  // those that had no drafts left after the last commit; some may have again
  std::deque<Publisher*> waiting_;
};

}  // namespace tidemark
