#include "src/log/faulty_store.h"

#include <utility>

namespace tidemark {

FaultyStore::FaultyStore(std::unique_ptr<LogStore> store) : store_(std::move(store)) {}

void FaultyStore::fail_append(Error error, std::size_t nth) {
  const std::scoped_lock lock(mutex_);
  append_error_ = std::move(error);
  appends_until_fault_ = nth;
}

void FaultyStore::fail_every_append(Error error) {
  const std::scoped_lock lock(mutex_);
  append_error_ = std::move(error);
  every_append_ = true;
}

void FaultyStore::fail_trims(Error error) {
  const std::scoped_lock lock(mutex_);
  trim_error_ = std::move(error);
}

void FaultyStore::fail_reads(Error error) {
  const std::scoped_lock lock(mutex_);
  read_error_ = std::move(error);
}

void FaultyStore::before_next_read(std::function<void()> act) {
  const std::scoped_lock lock(mutex_);
  before_next_read_ = std::move(act);
}

void FaultyStore::heal() {
  const std::scoped_lock lock(mutex_);
  append_error_.reset();
  trim_error_.reset();
  read_error_.reset();
  every_append_ = false;
  appends_until_fault_ = 0;
}

void FaultyStore::hold_appends() {
  const std::scoped_lock lock(mutex_);
  hold_ = true;
}

void FaultyStore::wait_until_held() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return held_ > 0; });
}

void FaultyStore::release_appends() {
  {
    const std::scoped_lock lock(mutex_);
    hold_ = false;
  }
  changed_.notify_all();
}

std::vector<std::size_t> FaultyStore::append_sizes() const {
  const std::scoped_lock lock(mutex_);
  return append_sizes_;
}

Result<void> FaultyStore::append(std::span<const RecordView> records, std::span<const IndexSegment> segments) {
  {
    std::unique_lock lock(mutex_);
    if (records.empty() && segments.empty()) {
      if (every_append_) return std::unexpected(*append_error_);
      return store_->append(records, segments);
    }
    append_sizes_.push_back(records.size());
    ++held_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !hold_; });
    --held_;
    if (every_append_) return std::unexpected(*append_error_);
    if (appends_until_fault_ > 0 && --appends_until_fault_ == 0) return std::unexpected(*append_error_);
  }
  return store_->append(records, segments);
}

Result<void> FaultyStore::trim(Offset before, std::span<const ChannelLoss> losses) {
  {
    const std::scoped_lock lock(mutex_);
    if (trim_error_) return std::unexpected(*trim_error_);
  }
  return store_->trim(before, losses);
}

Result<void> FaultyStore::before_read() const {
  std::unique_lock lock(mutex_);
  if (read_error_) return std::unexpected(*read_error_);
  const auto act = std::exchange(before_next_read_, nullptr);
  lock.unlock();
  if (act) act();
  return {};
}

Result<void> FaultyStore::scan(Offset from, Offset to, Direction direction, PageLimits page,
                               RecordVisitor visit) const {
  if (auto fault = before_read(); !fault) return fault;
  return store_->scan(from, to, direction, page, visit);
}

Result<void> FaultyStore::read(std::span<const Offset> offsets, RecordVisitor visit) const {
  if (auto fault = before_read(); !fault) return fault;
  return store_->read(offsets, visit);
}

Result<void> FaultyStore::channel_segments(std::string_view channel, std::uint64_t from_segment,
                                           FunctionRef<bool(std::uint64_t, std::string_view)> visit) const {
  if (auto fault = before_read(); !fault) return fault;
  return store_->channel_segments(channel, from_segment, visit);
}

Result<void> FaultyStore::key_segments(std::uint64_t from_segment,
                                       FunctionRef<bool(std::uint64_t, std::string_view)> visit) const {
  if (auto fault = before_read(); !fault) return fault;
  return store_->key_segments(from_segment, visit);
}

Result<void> FaultyStore::losses(FunctionRef<bool(const ChannelLoss&)> visit) const {
  if (auto fault = before_read(); !fault) return fault;
  return store_->losses(visit);
}

}  // namespace tidemark
