// The truth: every record that ever became durable, as the disk saw it. What clients saw is compared with this.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/record.h"

namespace tidemark::sim {

class Truth {
 public:
  /// A log whose records begin after `before`, with a dedupe window of so many records.
  Truth(Offset before, std::size_t dedupe_window) : before_(before), dedupe_window_(dedupe_window) {}

  /// One record at offset 1, long before all others.
  void begin_with(const RecordView& old);
  /// One durable batch, as it went to the disk. Checks that offsets are contiguous, that time does not go back and that
  /// no key is stored twice within the window.
  void append(std::span<const RecordView> batch);

  [[nodiscard]] Offset before() const { return before_; }
  [[nodiscard]] Offset head() const { return Offset(before_.value() + records_.size()); }
  [[nodiscard]] bool has(Offset offset) const {
    return (offset > before_ && offset <= head()) || (old_ && offset == old_->offset);
  }
  [[nodiscard]] const Record& at(Offset offset) const {
    return offset > before_ ? records_[offset.value() - before_.value() - 1] : *old_;
  }

  /// The first record of the channel after `after`; 0 if there is none.
  [[nodiscard]] Offset next_in(std::string_view channel, Offset after) const;
  [[nodiscard]] Offset last_in(std::string_view channel) const;
  /// The offset after which exactly the newest `count` kept records of the channel at or below `up_to` come; 0 if there
  /// are no more than that.
  [[nodiscard]] Offset before_newest(std::string_view channel, Offset up_to, std::size_t count) const;

  /// Everything below is no longer kept.
  void trim(Offset before);
  [[nodiscard]] Offset first_kept() const { return first_kept_; }
  /// The newest record of the channel that is not kept any more; 0: all are.
  [[nodiscard]] Offset lost(std::string_view channel) const;

 private:
  [[nodiscard]] const std::vector<Offset>& offsets(std::string_view channel) const;

  const Offset before_;
  const std::size_t dedupe_window_;
  std::optional<Record> old_;
  std::vector<Record> records_;
  std::map<std::string, std::vector<Offset>, std::less<>> channels_;
  std::map<std::pair<std::string, std::string>, Offset> keys_;  // of channel and key: the newest record
  std::set<std::string> payloads_without_key_;                  // each is published once
  Offset first_kept_;
};

}  // namespace tidemark::sim
