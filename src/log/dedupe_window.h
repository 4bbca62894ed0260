// The dedupe window: which client keys the newest N records carry, as 64-bit hashes.
//
// A key is remembered while its record is among the newest N records of the log. The window knows only hashes: a find
// is a hint, and the caller compares channel and key with the record at that offset before it believes it. Entries are
// staged while a batch is being put together (so that the second of two equal keys in one batch is found) and then kept
// or dropped with the batch.
//
// Memory grows with use: 16 bytes per entry and 16 for its two slots, so 32 MB for a full window of a million, and 32
// KB for an empty log. A value owned by the sequencer; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "src/base/limits.h"
#include "src/base/offset.h"
#include "src/log/index_segment.h"

namespace tidemark {

class DedupeWindow {
 public:
  explicit DedupeWindow(std::size_t records);

  /// What stands for a key of a channel. Part of the format (index segments keep it): XXH3 of channel, NUL, key.
  [[nodiscard]] static std::uint64_t hash(std::string_view channel, std::string_view client_key);

  /// Offsets whose keys have this hash. More than one only if different keys collide; then at most
  /// limits::kDedupeCandidates of them, so that crafted keys cannot make a lookup expensive.
  class Candidates {
   public:
    [[nodiscard]] std::span<const Offset> offsets() const { return {offsets_.data(), count_}; }

   private:
    friend class DedupeWindow;
    std::array<Offset, limits::kDedupeCandidates> offsets_;
    std::size_t count_ = 0;
  };
  [[nodiscard]] Candidates find(std::uint64_t hash) const;
  /// Asks the processor for what find() and stage() will look at.
  void prefetch(std::uint64_t hash) const;

  /// Remembers a key for now; offsets must increase. commit() or rollback() decides.
  void stage(std::uint64_t hash, Offset offset);
  /// Keeps what was staged and forgets what is no longer among the newest N records, `head` being the newest.
  void commit(Offset head);
  void rollback();
  /// Forgets keys whose records were trimmed: a key that is stored anew each time must not use up its candidates.
  void forget_before(Offset first);

  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(newest_ - oldest_); }
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  // Entries in order of offset in a ring, so that the oldest go first; over it a hash table of ring places, by linear
  // probing, at most half full. A slot has half of the hash too: most lookups, of new keys, end without touching the
  // ring.
  struct Slot {
    std::uint32_t place = kEmpty;
    std::uint32_t half_hash = 0;
  };
  static constexpr std::uint32_t kEmpty = 0xffffffff;

  [[nodiscard]] KeyHash& entry(std::uint64_t sequence) { return ring_[sequence & (ring_.size() - 1)]; }
  [[nodiscard]] std::size_t home(std::uint32_t half_hash) const { return half_hash & (slots_.size() - 1); }
  [[nodiscard]] std::size_t after(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
  void place(std::uint64_t sequence);
  void remove(std::uint64_t sequence);
  void grow();

  std::uint64_t records_;
  std::vector<KeyHash> ring_;  // size is a power of two
  std::vector<Slot> slots_;    // twice as many
  std::uint64_t oldest_ = 0;   // sequence numbers of entries: [oldest_, newest_)
  std::uint64_t newest_ = 0;
  std::uint64_t committed_ = 0;  // [committed_, newest_) is staged
};

}  // namespace tidemark
