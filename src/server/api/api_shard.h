// An I/O thread's part of the API: who of its connections streams the log, who waits for the outcome of a publish.
//
// Commits arrive through a mailbox, one wake-up for many. Streams that stand at the same place of the same channel share
// one read of the store. Everything but push() is called on the I/O thread only.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "src/base/error.h"
#include "src/hub/page.h"
#include "src/hub/shard.h"
#include "src/log/log.h"
#include "src/server/api/commit_tap.h"
#include "src/server/api/outcome_receiver.h"

namespace tidemark {

class StreamAnswer;
struct Service;

class ApiShard {
 public:
  /// Both outlive it.
  ApiShard(Service& service, Executor& executor) : service_(service), executor_(executor) {}
  ApiShard(const ApiShard&) = delete;
  ApiShard& operator=(const ApiShard&) = delete;

  // --- any thread ---
  void push(CommitNewsPtr news, std::vector<Outcome> outcomes);

  // --- I/O thread ---
  /// The number under which the outcome of its publish will come.
  [[nodiscard]] std::uint64_t expect(std::weak_ptr<OutcomeReceiver> publisher);
  void forget(std::uint64_t publisher) { publishers_.erase(publisher); }

  void add(StreamAnswer& stream) { streams_.push_back(&stream); }
  void remove(StreamAnswer& stream) { std::erase(streams_, &stream); }
  /// Has the next page of the stream read: StreamAnswer::take follows. False: the readers' queue is full, ask later.
  [[nodiscard]] bool read(StreamAnswer& stream);

 private:
  void turn();
  void page_arrived(const std::string& channel, Offset after, const Result<PagePtr>& page);

  struct Mailbox {
    std::vector<CommitNewsPtr> news;
    std::vector<Outcome> outcomes;
  };
  /// A page on its way from the store, and who waits for it.
  struct Read {
    std::string channel;  // empty: all
    Offset after;
    std::vector<std::weak_ptr<StreamAnswer>> waiting;
  };

  Service& service_;
  Executor& executor_;
  std::mutex mutex_;  // guards mailbox_ only
  Mailbox mailbox_;
  std::atomic<bool> woken_ = false;

  std::unordered_map<std::uint64_t, std::weak_ptr<OutcomeReceiver>> publishers_;
  std::uint64_t next_publisher_ = 0;
  std::vector<StreamAnswer*> streams_;
  std::vector<Read> reads_;
};

}  // namespace tidemark
