#include "src/log/channel_index.h"

#include <algorithm>
#include <map>
#include <span>

namespace tidemark {
namespace {

std::span<const Offset> between(const std::vector<Offset>& offsets, Offset from, Offset to) {
  const auto begin = std::ranges::lower_bound(offsets, from);
  const auto end = std::upper_bound(begin, offsets.end(), to);
  return {begin, end};
}

}  // namespace

ChannelIndex::ChannelIndex(Offset next) : segment_(segment_of(next)) {}

void ChannelIndex::stage(std::string_view channel, Offset offset) { staged_.push_back({channel, offset}); }

void ChannelIndex::stage_key(std::uint64_t hash, Offset offset) { staged_keys_.push_back({hash, offset}); }

/// A segment is finished by the record at its last offset, or by one beyond it.
std::uint64_t ChannelIndex::segment_after_staged() const {
  return staged_.empty() ? segment_ : std::max(segment_, segment_of(staged_.back().offset.next()));
}

std::vector<IndexSegment> ChannelIndex::finished() const {
  std::vector<IndexSegment> segments;
  const auto last = segment_after_staged();
  auto record = staged_.begin();
  auto key = staged_keys_.begin();
  // From one that has records to the next: offsets may jump further than anybody can count.
  const auto after = [&](std::uint64_t number) {
    return record == staged_.end() ? last : std::max(number + 1, segment_of(record->offset));
  };
  for (auto number = segment_; number < last; number = after(number)) {
    std::map<std::string_view, std::vector<Offset>> channels;  // in order of name, as the store is to get them
    std::vector<KeyHash> keys;
    if (number == segment_) {
      for (const auto& [name, offsets] : channels_) channels.emplace(name, offsets);
      keys = keys_;
    }
    for (; record != staged_.end() && record->offset <= segment_last(number); ++record) {
      channels[record->channel].push_back(record->offset);
    }
    for (; key != staged_keys_.end() && key->offset <= segment_last(number); ++key) keys.push_back(*key);
    if (channels.empty()) continue;  // offsets jumped over it

    IndexSegment segment{.number = number, .channels = {}, .key_hashes = encode_key_hashes(number, keys)};
    segment.channels.reserve(channels.size());
    for (const auto& [name, offsets] : channels) {
      segment.channels.push_back({std::string(name), encode_offsets(number, offsets)});
    }
    segments.push_back(std::move(segment));
  }
  return segments;
}

void ChannelIndex::commit() {
  const auto segment = segment_after_staged();
  Channels done;  // destroyed outside the lock
  {
    const std::scoped_lock lock(mutex_);
    if (segment != segment_) {
      done.swap(channels_);
      keys_.clear();
      segment_ = segment;
    }
    for (const auto& [channel, offset] : staged_) {
      if (segment_of(offset) != segment) continue;
      auto found = channels_.find(channel);
      if (found == channels_.end()) found = channels_.try_emplace(std::string(channel)).first;
      found->second.push_back(offset);
    }
  }
  for (const KeyHash& key : staged_keys_) {
    if (segment_of(key.offset) == segment) keys_.push_back(key);
  }
  rollback();
}

void ChannelIndex::rollback() {
  staged_.clear();
  staged_keys_.clear();
}

ChannelIndex::Found ChannelIndex::find(std::string_view channel, Offset from, Offset to, std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return {segment_, {}};
  auto offsets = between(found->second, from, to);
  offsets = offsets.first(std::min(limit, offsets.size()));
  return {segment_, {offsets.begin(), offsets.end()}};
}

ChannelIndex::Found ChannelIndex::find_last(std::string_view channel, Offset from, Offset to, std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return {segment_, {}};
  auto offsets = between(found->second, from, to);
  offsets = offsets.last(std::min(limit, offsets.size()));
  return {segment_, {offsets.begin(), offsets.end()}};
}

}  // namespace tidemark
