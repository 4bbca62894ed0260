// A publisher: one connection's way into the log, kept to its share of the sequencer's queue.
//
// The drafts of all connections wait in one queue. So that whoever publishes now and then does not wait behind those who
// never stop, each connection has a share of it: about a commit's worth (limits::kShareDrafts), divided by the connections
// of its I/O thread that have drafts in the queue or had some in the last commit. One that has used its share is not read
// further until half of it is decided.
//
// Example: 100 connections flood. Each has at most 1,024 / 100 = 10 drafts in the queue, so that a message of the 101st
// has one commit before it, or two. A connection that floods alone has 1,024 of them: its commits are as large as pays.
//
// A draft that finds the whole queue full (limits::kSequencerQueueBytes) stays here until there is room; those who wait
// for that are asked in the order in which they came. Owned by its connection, on that I/O thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "src/log/log.h"

namespace tidemark {

class PublishingShares;
class Shard;

class Publisher {
 public:
  /// Who reads what is to be published.
  class Input {
   public:
    virtual ~Input() = default;
    /// waiting() has ended: go on reading, but not before the shard's turn is over.
    virtual void on_may_publish() = 0;
  };

  /// All references must outlive it.
  Publisher(Shard& shard, Log& log, Input& input) : shard_(shard), log_(log), input_(input) {}
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  ~Publisher();

  /// Precondition: not waiting(). The draft's origin names its subscription and ack; the rest of it is filled in here.
  void publish(Draft draft);
  /// Nothing more can be published until on_may_publish().
  [[nodiscard]] bool waiting() const { return held_ != nullptr || share_used_; }
  /// The log takes none any more: what was published last will have no outcome.
  [[nodiscard]] bool refused() const { return refused_; }
  /// Its drafts that have no outcome yet.
  [[nodiscard]] std::size_t drafts() const { return drafts_; }
  /// The connection is over: a draft that found no room is dropped.
  void close();

 private:
  friend class PublishingShares;
  /// There is room in the queue. False: not enough, keep the place.
  [[nodiscard]] bool on_room();
  /// One of its drafts has its outcome.
  void on_decided(const Origin& origin);
  [[nodiscard]] Log::Admission admit(Draft& draft);

  Shard& shard_;
  Log& log_;
  Input& input_;
  std::unique_ptr<Draft> held_;  // found the queue full
  std::uint64_t id_ = 0;         // at the shard; 0: has published nothing yet
  std::uint64_t bytes_ = 0;      // of the drafts without an outcome
  std::uint32_t drafts_ = 0;
  bool share_used_ = false;
  bool refused_ = false;
  bool counted_ = false;  // among those that the queue is divided by
};

}  // namespace tidemark
