// A store that fails when told to, in front of another one: what the tests of everything above LogStore break it with.
//
// Threads: the orders (fail_*, hold_*, ...) may be given by any thread while another one appends.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "src/log/log_store.h"

namespace tidemark {

class FaultyStore final : public LogStore {
 public:
  explicit FaultyStore(std::unique_ptr<LogStore> store);

  // An append of nothing, by which the log asks whether the store would take records, fails when every append does; the
  // other orders are not about it, and it is not counted.

  /// The `nth` append from now on fails with `error` and stores nothing; 1 is the next one.
  void fail_append(Error error, std::size_t nth = 1);
  /// Every append fails with `error` until heal().
  void fail_every_append(Error error);
  void heal();
  /// Every trim fails with `error` until heal() and removes nothing.
  void fail_trims(Error error);
  /// Every read (scan, read, segments) fails with `error` until heal().
  void fail_reads(Error error);

  /// Once, before the next read of any kind: whatever could happen between a reader's two looks.
  void before_next_read(std::function<void()> act);

  /// Appends wait, before they store anything, until release_appends().
  void hold_appends();
  /// Returns once an append waits.
  void wait_until_held();
  void release_appends();

  /// How many records each append that was tried had.
  [[nodiscard]] std::vector<std::size_t> append_sizes() const;

  [[nodiscard]] std::string_view engine() const override { return store_->engine(); }
  [[nodiscard]] StoreState state() const override { return store_->state(); }
  [[nodiscard]] Result<void> append(std::span<const RecordView> records,
                                    std::span<const IndexSegment> segments) override;
  [[nodiscard]] Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page,
                                  RecordVisitor visit) const override;
  [[nodiscard]] Result<void> read(std::span<const Offset> offsets, RecordVisitor visit) const override;
  [[nodiscard]] Result<void> channel_segments(std::string_view channel, std::uint64_t from_segment,
                                              FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override;
  [[nodiscard]] Result<void> key_segments(std::uint64_t from_segment,
                                          FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override;
  [[nodiscard]] Result<void> channel_names(FunctionRef<void(std::string_view)> visit) const override {
    return store_->channel_names(visit);
  }
  [[nodiscard]] Result<void> trim(Offset before, std::span<const ChannelLoss> losses) override;
  [[nodiscard]] Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const override;
  [[nodiscard]] Result<void> verify() const override { return store_->verify(); }
  [[nodiscard]] StoreStats stats() const override { return store_->stats(); }
  void close() override { store_->close(); }

 private:
  [[nodiscard]] Result<void> before_read() const;

  const std::unique_ptr<LogStore> store_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::size_t appends_until_fault_ = 0;  // 0: no fault is ordered
  bool every_append_ = false;
  std::optional<Error> append_error_;
  std::optional<Error> trim_error_;
  std::optional<Error> read_error_;
  mutable std::function<void()> before_next_read_;
  bool hold_ = false;
  std::size_t held_ = 0;
  std::vector<std::size_t> append_sizes_;
};

}  // namespace tidemark
