#include "src/hub/tail.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace tidemark {
namespace {
constexpr std::size_t kSmallestBuffer = 512;  // most channels are idle: one record, or two
}

std::uint64_t Tail::begin_after_room_for(std::size_t bytes, std::size_t allowed) const {
  const std::uint64_t held = end() - begin_;
  if (held + bytes <= std::max(allowed, capacity_)) return begin_;
  // Room for this record and a quarter more, so that cursors are looked through once per quarter, not once per record.
  const std::uint64_t limit = std::max(allowed, capacity_);
  const std::uint64_t wanted = bytes + limit / 4;
  const std::uint64_t kept = limit > wanted ? limit - wanted : 0;
  if (held <= kept) return begin_;
  const auto all = ends();
  const std::size_t index =
      index_at(all, end() - kept - 1);  // drop whole records: through the one that holds this byte
  return index < all.size() ? all[index].end : end();
}

void Tail::drop_before(std::uint64_t position) {
  if (position <= begin_) return;
  const auto all = ends();
  const std::size_t dropped = index_at(all, position - 1) + 1;  // position is a record's end
  first_ = all[dropped - 1].offset.next();
  first_end_ += dropped;
  begin_ = position;
  if (first_end_ * 2 >= ends_.size()) {
    ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(first_end_));
    first_end_ = 0;
  }
}

void Tail::make_room(std::size_t bytes, std::size_t allowed) {
  drop_before(begin_after_room_for(bytes, allowed));
  const std::size_t held = end() - begin_;
  const std::size_t needed = held + bytes;
  std::size_t capacity = std::max(capacity_, kSmallestBuffer);
  while (capacity < needed || (capacity < allowed && needed * 4 > capacity * 3)) capacity *= 2;
  capacity = std::min(capacity, std::max({allowed, needed, capacity_}));
  char* const kept = buffer_.get() + (begin_ - base_);
  if (capacity == capacity_) {
    std::memmove(buffer_.get(), kept, held);
  } else {
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (held > 0) std::memcpy(larger.get(), kept, held);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  }
  base_ = begin_;
  used_end_ = held;
}

void Tail::append(Offset offset, std::string_view frames) {
  assert(fits(frames.size()));
  std::memcpy(buffer_.get() + used_end_, frames.data(), frames.size());
  used_end_ += frames.size();
  ends_.push_back({offset, end()});
}

void Tail::clear(Offset seen) {
  base_ = begin_ = end();
  used_end_ = 0;
  capacity_ = 0;
  buffer_.reset();
  ends_ = {};
  first_end_ = 0;
  first_ = seen.next();
}

std::uint64_t Tail::position_of(Offset next) const {
  const auto all = ends();
  const std::size_t index = index_of(all, next);
  if (index == all.size()) return end();
  return index == 0 ? begin_ : all[index - 1].end;
}

std::string_view Tail::bytes(std::uint64_t position, std::size_t max_bytes) const {
  assert(position >= begin_ && position <= end());
  return {buffer_.get() + (position - base_), std::min<std::size_t>(max_bytes, end() - position)};
}

Tail::Place Tail::place(std::uint64_t position) const {
  const auto all = ends();
  const std::size_t index = index_at(all, position);
  const std::uint64_t start = index == 0 ? begin_ : all[index - 1].end;
  return {all[index].offset, position - start};
}

}  // namespace tidemark
