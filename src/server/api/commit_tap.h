// Stands between the log's sequencer and the hub: everything goes on to the hub first, then the API's streams and
// publishers hear of it. Costs a few counters per commit while nobody streams.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/base/limits.h"
#include "src/hub/hub.h"
#include "src/log/log.h"

namespace tidemark {

class ApiShard;

/// What one commit means to those who stream.
struct CommitNews {
  Offset before;  // the head until then
  Offset head;
  std::vector<std::string> channels;  // that got records, each once
};
using CommitNewsPtr = std::shared_ptr<const CommitNews>;

/// Marks the origin of a draft as one of the API's; the rest of the number is the publisher's at its thread.
inline constexpr std::uint64_t kApiOrigin = std::uint64_t{1} << 63;

class CommitTap final : public CommitListener {
 public:
  explicit CommitTap(Hub& hub, std::size_t streams_max = limits::kApiStreams) : hub_(hub), streams_max_(streams_max) {}

  /// Before the log starts. Shard i must have index i.
  void add(ApiShard& shard) { shards_.push_back(&shard); }

  /// Since the start. Any thread.
  struct Counts {
    std::atomic<std::uint64_t> commits = 0, records = 0, bytes = 0, duplicates = 0, failed = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

  /// A stream's place among those that are told of commits. False: there are streams_max. Any thread; what is committed
  /// after it returned is told, or in the log's head by then.
  [[nodiscard]] bool open_stream();
  void close_stream() { streams_.fetch_sub(1); }
  [[nodiscard]] std::size_t streams() const { return streams_.load(); }

  // CommitListener, on the sequencer thread:
  void on_commit(std::span<const RecordView> records, std::span<const Outcome> outcomes) override;
  void on_room() override { hub_.on_room(); }

 private:
  Hub& hub_;
  const std::size_t streams_max_;
  std::vector<ApiShard*> shards_;
  Counts counts_;
  std::atomic<std::size_t> streams_ = 0;
};

}  // namespace tidemark
