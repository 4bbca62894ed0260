// The unfinished index segment, in memory: per channel the offsets of its records, and the hashes of all client keys.
//
// Example with segments of 16,384 offsets and a head of 20,000: segment 0 (1 to 16,384) is finished and in the store;
// 16,385 to 20,000 are here. The batch that brings offset 32,768 finishes segment 1: it is written in the same commit,
// and segment 2 starts here, empty.
//
// Threads: everything but find() belongs to the sequencer (and to rebuild() before it starts). find() may be called by
// any thread at any time; it takes a short lock.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/base/offset.h"
#include "src/log/index_segment.h"

namespace tidemark {

class ChannelIndex {
 public:
  /// The segment that holds `next`, the next offset to be given, is unfinished.
  explicit ChannelIndex(Offset next);

  /// Adds a record for now; offsets must increase. `channel` must stay valid until commit() or rollback(), which
  /// decide.
  void stage(std::string_view channel, Offset offset);
  void stage_key(std::uint64_t hash, Offset offset);

  /// The segments that the staged records finish, encoded for the store: none or, after a boundary, one (more only if
  /// offsets jumped over a whole segment).
  [[nodiscard]] std::vector<IndexSegment> finished() const;

  /// The staged records, and the segments that finished() gave, are durable.
  void commit();
  void rollback();

  struct Found {
    std::uint64_t segment;        // the unfinished one; all before it are in the store
    std::vector<Offset> offsets;  // ascending
  };
  /// The first `limit` offsets of `channel` in the unfinished segment with from <= offset <= to.
  [[nodiscard]] Found find(std::string_view channel, Offset from, Offset to, std::size_t limit) const;
  /// The last `limit` of them.
  [[nodiscard]] Found find_last(std::string_view channel, Offset from, Offset to, std::size_t limit) const;

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  using Channels = std::unordered_map<std::string, std::vector<Offset>, NameHash, std::equal_to<>>;
  struct StagedRecord {
    std::string_view channel;
    Offset offset;
  };

  [[nodiscard]] std::uint64_t segment_after_staged() const;

  mutable std::mutex mutex_;  // guards segment_ and channels_, which only the owner changes
  std::uint64_t segment_;
  Channels channels_;
  std::vector<KeyHash> keys_;

  std::vector<StagedRecord> staged_;
  std::vector<KeyHash> staged_keys_;
};

}  // namespace tidemark
