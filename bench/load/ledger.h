// Who has received what: finds losses, repeats and breaks of order, for every subscriber and publisher.
//
// Each publisher numbers its messages 0, 1, 2, ... A subscriber that sees 0, 2, 1, 1 has one message out of order and
// one repeated; a number that never comes is lost. Where the server sends offsets they have to grow with every message
// a subscriber gets: if not, a client that remembers the last one would miss a message after a reconnect.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace tidemark::load {

class Ledger {
 public:
  Ledger(std::uint32_t subscribers, std::uint32_t publishers)
      : publishers_(publishers), next_(std::size_t{subscribers} * publishers), last_offset_(subscribers) {}

  /// True if the subscriber gets this message for the first time.
  bool record(std::uint32_t subscriber, std::uint32_t publisher, std::uint32_t sequence, std::uint64_t offset) {
    if (offset != 0) {
      if (offset <= last_offset_[subscriber]) ++offset_breaks_;
      last_offset_[subscriber] = offset;
    }
    auto& next = next_[index(subscriber, publisher)];
    if (sequence != next) [[unlikely]]
      return record_irregular(subscriber, publisher, sequence);
    ++next;
    ++received_;
    return true;
  }

  /// Counts as lost what of `sequence` 0 to `published[publisher]` - 1 has not come.
  [[nodiscard]] std::uint64_t lost(const std::vector<std::uint32_t>& published) const;
  [[nodiscard]] std::uint64_t received() const { return received_; }
  [[nodiscard]] std::uint64_t repeated() const { return repeated_; }
  [[nodiscard]] std::uint64_t out_of_order() const { return out_of_order_; }
  [[nodiscard]] std::uint64_t offset_breaks() const { return offset_breaks_; }

 private:
  static constexpr std::size_t kMissingMax = 1'000'000;  // remembered one by one; beyond, only counted as lost

  [[nodiscard]] std::size_t index(std::uint32_t subscriber, std::uint32_t publisher) const {
    return std::size_t{subscriber} * publishers_ + publisher;
  }
  bool record_irregular(std::uint32_t subscriber, std::uint32_t publisher, std::uint32_t sequence);

  std::uint32_t publishers_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint64_t> last_offset_;
  std::set<std::pair<std::size_t, std::uint32_t>> missing_;
  std::uint64_t received_ = 0, repeated_ = 0, out_of_order_ = 0, offset_breaks_ = 0, forgotten_ = 0;
};

}  // namespace tidemark::load
