#include "src/log/dedupe_window.h"

#include <xxhash.h>

#include <cstring>
#include <string>

namespace tidemark {
namespace {

constexpr std::size_t kFirstEntries = 1024;

constexpr std::uint32_t half_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }

}  // namespace

DedupeWindow::DedupeWindow(std::size_t records) : records_(records), ring_(kFirstEntries), slots_(2 * kFirstEntries) {}

std::uint64_t DedupeWindow::hash(std::string_view channel, std::string_view client_key) {
  std::array<char, limits::kChannelNameBytes + 1 + limits::kClientKeyBytes> small;
  const auto size = channel.size() + 1 + client_key.size();
  if (size <= small.size()) {
    std::memcpy(small.data(), channel.data(), channel.size());
    small[channel.size()] = '\0';
    std::memcpy(small.data() + channel.size() + 1, client_key.data(), client_key.size());
    return XXH3_64bits(small.data(), size);
  }
  std::string large(channel);
  large.push_back('\0');
  large.append(client_key);
  return XXH3_64bits(large.data(), large.size());
}

DedupeWindow::Candidates DedupeWindow::find(std::uint64_t hash) const {
  Candidates found;
  const auto half = half_of(hash);
  for (auto slot = home(half); slots_[slot].place != kEmpty && found.count_ < found.offsets_.size();
       slot = after(slot)) {
    if (slots_[slot].half_hash != half) continue;
    const KeyHash& key = ring_[slots_[slot].place];
    if (key.hash == hash) found.offsets_[found.count_++] = key.offset;
  }
  return found;
}

void DedupeWindow::prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[home(half_of(hash))]); }

void DedupeWindow::stage(std::uint64_t hash, Offset offset) {
  if (size() == ring_.size()) grow();
  entry(newest_) = {hash, offset};
  place(newest_++);
}

void DedupeWindow::commit(Offset head) {
  committed_ = newest_;
  while (oldest_ < newest_ && entry(oldest_).offset.value() + records_ <= head.value()) remove(oldest_++);
}

void DedupeWindow::rollback() {
  while (newest_ > committed_) remove(--newest_);
}

void DedupeWindow::forget_before(Offset first) {
  while (oldest_ < committed_ && entry(oldest_).offset < first) remove(oldest_++);
}

std::size_t DedupeWindow::memory_bytes() const {
  return ring_.capacity() * sizeof(KeyHash) + slots_.capacity() * sizeof(Slot);
}

void DedupeWindow::place(std::uint64_t sequence) {
  const auto half = half_of(entry(sequence).hash);
  auto slot = home(half);
  while (slots_[slot].place != kEmpty) slot = after(slot);
  slots_[slot] = {static_cast<std::uint32_t>(sequence & (ring_.size() - 1)), half};
}

void DedupeWindow::remove(std::uint64_t sequence) {
  const auto place = static_cast<std::uint32_t>(sequence & (ring_.size() - 1));
  auto hole = home(half_of(ring_[place].hash));
  while (slots_[hole].place != place) hole = after(hole);
  // Linear probing without tombstones: move back every later entry of the run whose home is not behind the hole.
  const auto mask = slots_.size() - 1;
  for (auto slot = after(hole); slots_[slot].place != kEmpty; slot = after(slot)) {
    const auto from_home = (slot - home(slots_[slot].half_hash)) & mask;
    if (from_home < ((slot - hole) & mask)) continue;
    slots_[hole] = slots_[slot];
    hole = slot;
  }
  slots_[hole] = Slot();
}

void DedupeWindow::grow() {
  std::vector<KeyHash> larger(ring_.size() * 2);
  for (auto sequence = oldest_; sequence < newest_; ++sequence) {
    larger[sequence & (larger.size() - 1)] = entry(sequence);
  }
  ring_ = std::move(larger);
  slots_.assign(2 * ring_.size(), Slot());
  for (auto sequence = oldest_; sequence < newest_; ++sequence) place(sequence);
}

}  // namespace tidemark
