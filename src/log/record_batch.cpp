#include "src/log/record_batch.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "src/base/limits.h"

namespace tidemark {
namespace {

/// `part` of what begins at `from`, in the copy of it that begins at `to`.
std::string_view moved(std::string_view part, const char* from, const char* to) {
  return part.empty() ? std::string_view() : std::string_view(to + (part.data() - from), part.size());
}

RecordView moved(const RecordView& record, const char* from, const char* to) {
  return {record.offset,
          record.time,
          moved(record.channel, from, to),
          moved(record.event, from, to),
          moved(record.sender, from, to),
          moved(record.client_key, from, to),
          moved(record.payload, from, to),
          moved(record.attachments, from, to)};
}

}  // namespace

void RecordBatch::add(const RecordView& record) {
  if (bytes_.capacity() - bytes_.size() < record.bytes()) {
    std::vector<char> larger;
    larger.reserve(std::max(2 * bytes_.capacity(), bytes_.size() + record.bytes()));
    larger.insert(larger.end(), bytes_.begin(), bytes_.end());
    for (RecordView& view : records_) view = moved(view, bytes_.data(), larger.data());
    bytes_ = std::move(larger);
  }
  const auto copy = [&](std::string_view part) {
    const auto at = bytes_.size();
    bytes_.insert(bytes_.end(), part.begin(), part.end());
    return std::string_view(bytes_.data() + at, part.size());
  };
  RecordView& view = records_.emplace_back();
  view.offset = record.offset;
  view.time = record.time;
  view.channel = copy(record.channel);
  view.event = copy(record.event);
  view.sender = copy(record.sender);
  view.client_key = copy(record.client_key);
  view.payload = copy(record.payload);
  view.attachments = copy(record.attachments);
}

void RecordBatch::clear() {
  if (bytes_.capacity() > limits::kKeptBatchBytes) bytes_ = std::vector<char>();
  bytes_.clear();
  records_.clear();
}

}  // namespace tidemark
