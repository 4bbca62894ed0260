// Tail: the newest records of one channel as ready-to-send frames, in one contiguous buffer, at one I/O thread.
//
// Byte positions count from the tail's creation and never go back, so a cursor is one number. Delivering is one send of
// everything from a cursor to end(). The buffer grows by doubling up to the bytes it is allowed; then the oldest
// quarter goes. Old bytes are moved out of the way at most once per time the buffer fills, so appending stays O(bytes).
//
// Example: first() is 120: every record of the channel from offset 120 on that the thread has seen is here; a client
// that is owed 119 needs the store.
//
// One I/O thread owns a tail and everything that points into it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "src/base/offset.h"
#include "src/hub/frame_index.h"

namespace tidemark {

class Tail {
 public:
  /// Holds nothing yet: the next record to be appended has an offset of at least `first`.
  explicit Tail(Offset first) : first_(first) {}
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  /// Whether `bytes` more fit without making room. If not, make_room must be called first.
  [[nodiscard]] bool fits(std::size_t bytes) const { return used_end_ + bytes <= capacity_; }

  /// The position that begin() will have after make_room(bytes, allowed): cursors below it must leave before.
  [[nodiscard]] std::uint64_t begin_after_room_for(std::size_t bytes, std::size_t allowed) const;

  /// Makes room for `bytes`, in a buffer of at most `allowed` bytes (more only if `bytes` alone needs it).
  void make_room(std::size_t bytes, std::size_t allowed);

  /// Appends one record's frames. Precondition: fits(frames.size()), offset above all before.
  void append(Offset offset, std::string_view frames);

  /// Forgets all frames and frees the buffer; every record up to `seen` now has to come from the store.
  void clear(Offset seen);

  /// Every seen record of the channel with offset >= first() is here.
  [[nodiscard]] Offset first() const { return first_; }
  [[nodiscard]] std::uint64_t begin() const { return begin_; }
  [[nodiscard]] std::uint64_t end() const { return base_ + used_end_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  /// Where the frames of the first record at or after `next` begin; end() if there is none.
  /// Precondition: next >= first().
  [[nodiscard]] std::uint64_t position_of(Offset next) const;

  /// The bytes from `position` on, at most `max_bytes`. Valid until the tail changes.
  [[nodiscard]] std::string_view bytes(std::uint64_t position, std::size_t max_bytes) const;

  /// The record a cursor inside the tail stands in, and how many bytes of its frames lie before the cursor.
  struct Place {
    Offset offset;
    std::uint64_t sent;
  };
  /// Precondition: begin() <= position < end().
  [[nodiscard]] Place place(std::uint64_t position) const;
  /// Where the record a cursor stands in ends. Same precondition.
  [[nodiscard]] std::uint64_t record_end(std::uint64_t position) const {
    return ends()[index_at(ends(), position)].end;
  }

 private:
  [[nodiscard]] std::span<const FrameEnd> ends() const { return std::span(ends_).subspan(first_end_); }
  void drop_before(std::uint64_t position);

  Offset first_;
  std::uint64_t base_ = 0;   // position of buffer_[0]
  std::uint64_t begin_ = 0;  // position of the oldest frame kept
  std::size_t used_end_ = 0;
  std::size_t capacity_ = 0;
  std::unique_ptr<char[]> buffer_;
  std::vector<FrameEnd> ends_;  // those from first_end_ on are valid
  std::size_t first_end_ = 0;
};

}  // namespace tidemark
