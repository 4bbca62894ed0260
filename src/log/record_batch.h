// Copies of records on their way from one thread to another, side by side in one piece of memory. One thread at a time.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "src/base/record.h"

namespace tidemark {

class RecordBatch {
 public:
  void add(const RecordView& record);
  /// In the order in which they were added; valid until the next one is, or clear().
  [[nodiscard]] std::span<const RecordView> records() const { return records_; }
  [[nodiscard]] std::size_t size() const { return records_.size(); }
  /// As RecordView::bytes.
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }
  /// Keeps its memory for the next ones, unless large records made it more than limits::kKeptBatchBytes.
  void clear();

 private:
  std::vector<char> bytes_;
  std::vector<RecordView> records_;  // into bytes_
};

}  // namespace tidemark
