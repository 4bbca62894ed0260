// What the log's tests arrange: a log over a store that can be told to fail, a clock that stands still, and a listener
// that keeps what it is told and can be waited for.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/clock.h"
#include "src/log/faulty_store.h"
#include "src/log/log.h"

namespace tidemark::test {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t wall) : wall_(wall) {}
  void set(std::int64_t wall) { wall_ = wall; }
  /// Both clocks go on for so long.
  void pass(Millis time) {
    wall_ += time.count();
    steady_ += time.count();
  }
  [[nodiscard]] TimeMs wall() const override { return {wall_}; }
  [[nodiscard]] Millis steady() const override { return Millis(steady_); }

 private:
  std::atomic<std::int64_t> wall_;
  std::atomic<std::int64_t> steady_ = 0;
};

class CommitRecorder final : public CommitListener {
 public:
  void on_commit(std::span<const RecordView> records, std::span<const Outcome> outcomes) override;
  void on_room() override;

  /// Waits until this many outcomes arrived since the start; answers all.
  [[nodiscard]] std::vector<Outcome> wait_for_outcomes(std::size_t count);
  /// Waits until on_room was called this many times.
  void wait_for_room(std::size_t count);
  [[nodiscard]] std::size_t outcomes() const;
  [[nodiscard]] std::size_t rooms() const;
  [[nodiscard]] std::vector<Record> records() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Record> records_;
  std::vector<Outcome> outcomes_;
  std::size_t rooms_ = 0;
};

/// Until `condition` holds; fails the test after ten seconds.
void wait_until(const std::function<bool()>& condition);

[[nodiscard]] Draft draft(std::string_view payload, std::string_view key = "", std::string_view channel = "/");

/// A log that was opened and started; closed at the end.
class LogUnderTest {
 public:
  /// Over the memory engine.
  explicit LogUnderTest(LogOptions options = {});
  LogUnderTest(std::unique_ptr<LogStore> store, LogOptions options);
  LogUnderTest(const LogUnderTest&) = delete;
  LogUnderTest& operator=(const LogUnderTest&) = delete;
  ~LogUnderTest();

  Log* operator->() { return log_.get(); }
  [[nodiscard]] FaultyStore& store() { return *store_; }
  [[nodiscard]] CommitRecorder& listener() { return listener_; }
  [[nodiscard]] ManualClock& clock() { return clock_; }

  /// Requires that the draft is taken.
  void publish(Draft draft);
  /// Publishes and waits for its outcome.
  [[nodiscard]] Outcome publish_and_wait(Draft draft);

 private:
  ManualClock clock_{1'000};
  CommitRecorder listener_;
  FaultyStore* store_;
  std::unique_ptr<Log> log_;
};

}  // namespace tidemark::test
