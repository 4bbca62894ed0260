#include "bench/load/ledger.h"

#include <algorithm>

namespace tidemark::load {

bool Ledger::record_irregular(std::uint32_t subscriber, std::uint32_t publisher, std::uint32_t sequence) {
  const std::size_t at = index(subscriber, publisher);
  if (sequence < next_[at]) {
    if (missing_.erase({at, sequence}) == 0) {
      ++repeated_;
      return false;
    }
    ++out_of_order_;
    ++received_;
    return true;
  }
  for (std::uint32_t skipped = next_[at]; skipped < sequence; ++skipped) {
    if (missing_.size() == kMissingMax) {
      forgotten_ += sequence - skipped;
      break;
    }
    missing_.emplace(at, skipped);
  }
  next_[at] = sequence + 1;
  ++received_;
  return true;
}

std::uint64_t Ledger::lost(const std::vector<std::uint32_t>& published) const {
  std::uint64_t lost = missing_.size() + forgotten_;
  for (std::size_t at = 0; at < next_.size(); ++at) {
    const std::uint32_t sent = published[at % publishers_];
    lost += sent - std::min(sent, next_[at]);
  }
  return lost;
}

}  // namespace tidemark::load
