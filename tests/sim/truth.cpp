#include "tests/sim/truth.h"

#include <algorithm>

#include "tests/sim/trace.h"

namespace tidemark::sim {

void Truth::begin_with(const RecordView& old) {
  old_.emplace(old);
  channels_[std::string(old.channel)].push_back(old.offset);
}

void Truth::append(std::span<const RecordView> batch) {
  const Offset head_before = head();
  for (const RecordView& record : batch) {
    if (record.offset != head().next()) {
      violated("record {} was appended after {}", record.offset.value(), head().value());
    }
    if (!records_.empty() && record.time < records_.back().time) {
      violated("time goes back at record {}", record.offset.value());
    }
    if (record.client_key.empty()) {
      if (!payloads_without_key_.emplace(record.payload).second) {
        violated("a message that was sent once is stored again at {}", record.offset.value());
      }
    } else {
      auto& newest = keys_[{std::string(record.channel), std::string(record.client_key)}];
      const bool remembered =
          newest > head_before || (newest != Offset() && newest.value() + dedupe_window_ > head_before.value());
      if (remembered && newest >= first_kept_) {
        violated("the key of record {} is stored again at {}, within the window of {}", newest.value(),
                 record.offset.value(), dedupe_window_);
      }
      newest = record.offset;
    }
    records_.emplace_back(record);
    channels_[std::string(record.channel)].push_back(record.offset);
  }
}

const std::vector<Offset>& Truth::offsets(std::string_view channel) const {
  static const std::vector<Offset> none;
  const auto found = channels_.find(channel);
  return found == channels_.end() ? none : found->second;
}

Offset Truth::next_in(std::string_view channel, Offset after) const {
  const auto& all = offsets(channel);
  const auto next = std::ranges::upper_bound(all, after);
  return next == all.end() ? Offset() : *next;
}

Offset Truth::last_in(std::string_view channel) const {
  const auto& all = offsets(channel);
  return all.empty() ? Offset() : all.back();
}

Offset Truth::before_newest(std::string_view channel, Offset up_to, std::size_t count) const {
  const auto& all = offsets(channel);
  const auto end = std::ranges::upper_bound(all, up_to);
  const auto begin = std::lower_bound(all.begin(), end, first_kept_);
  if (static_cast<std::size_t>(end - begin) <= count) return Offset();
  return *(end - static_cast<std::ptrdiff_t>(count) - 1);
}

void Truth::trim(Offset before) { first_kept_ = std::max(first_kept_, before); }

Offset Truth::lost(std::string_view channel) const {
  const auto& all = offsets(channel);
  const auto kept = std::ranges::lower_bound(all, first_kept_);
  return kept == all.begin() ? Offset() : *(kept - 1);
}

}  // namespace tidemark::sim
