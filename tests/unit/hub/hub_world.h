// A hub in one thread with everything injected: a log in memory that is its own sequencer, an executor that runs when
// told, readers that read when told, sinks that take as much as they are told to.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/hub/hub.h"
#include "src/hub/shard.h"
#include "tests/unit/hub/manual_clock.h"

namespace tidemark {

/// The records of the test, and a log's reading side over them.
class FakeLog : public Log {
 public:
  std::vector<Record> records;
  bool fail_reads = false;
  std::map<std::string, Offset, std::less<>> last_lost;
  Offset trimmed_before;                      // records below it cannot be read
  mutable std::function<void()> before_read;  // once, before a page's records are looked at
  Offset damaged;                             // reading it fails
  Holes repaired;                             // without these offsets
  mutable int reads = 0;
  std::size_t page_records = 1000;  // smaller than the caller's page, to get many pages

  void start(CommitListener&) override {}
  Admission publish(Draft&&) override { return Admission::closed; }
  [[nodiscard]] Epoch epoch() const override { return Epoch(1); }
  [[nodiscard]] Offset head() const override { return records.empty() ? Offset() : records.back().offset; }
  [[nodiscard]] Offset first() const override { return std::max(Offset(1), trimmed_before); }
  [[nodiscard]] Offset lost(std::string_view channel) const override {
    const auto found = last_lost.find(channel);
    return found == last_lost.end() ? Offset() : found->second;
  }
  [[nodiscard]] Offset lost_settled(std::string_view channel) const override { return lost(channel); }
  [[nodiscard]] Result<void> losses(FunctionRef<bool(const ChannelLoss&)>) const override { return {}; }
  [[nodiscard]] const Holes& holes() const override { return repaired; }
  [[nodiscard]] StoreStats stats() const override { return {}; }
  [[nodiscard]] std::string_view engine() const override { return "fake"; }
  [[nodiscard]] std::string why_not_writable() const override { return {}; }
  void close() override {}

  [[nodiscard]] Result<ChannelPage> read_channel(std::string_view channel, Offset after, Offset up_to, PageLimits page,
                                                 RecordVisitor visit) const override {
    ++reads;
    if (fail_reads) return fail(ErrorCode::corrupt, "record 1 is damaged");
    if (const auto act = std::exchange(before_read, nullptr)) act();
    std::size_t count = 0;
    for (const Record& record : records) {
      if (record.channel != channel || record.offset <= after || record.offset > up_to) continue;
      if (record.offset < trimmed_before) continue;
      if (record.offset == damaged) return fail(ErrorCode::corrupt, "a record is damaged");
      (void)visit(record.view());
      if (++count == std::min(page.records, page_records)) return ChannelPage{.covered = record.offset};
    }
    return ChannelPage{.covered = std::max(after, up_to), .end = true};
  }

  [[nodiscard]] Result<Offset> offset_before_last(std::string_view channel, Offset up_to,
                                                  std::size_t count) const override {
    for (auto it = records.rbegin(); it != records.rend(); ++it) {
      if (it->channel != channel || it->offset > up_to || it->offset < trimmed_before) continue;
      if (count-- == 0) return it->offset;
    }
    return Offset(0);
  }

  // The hub reads channels only.
  [[nodiscard]] Result<void> scan(Offset, Offset, Direction, PageLimits, RecordVisitor) const override {
    return fail(ErrorCode::closed, "not asked for");
  }
  [[nodiscard]] Result<Offset> first_not_older_than(TimeMs) const override { return first(); }
};

/// "<offset:payload>" per record, "(relay)" per relay.
class TextFrames final : public FrameEncoder {
 public:
  void encode(const RecordView& record, std::string& frames) const override {
    frames += "<" + std::to_string(record.offset.value()) + ":" + std::string(record.payload) + ">";
  }
  void encode_relay(const Relay& relay, Offset seen, std::string& frames) const override {
    frames += "(" + relay.payload + "@" + std::to_string(seen.value()) + ")";
  }
};

class ManualExecutor final : public Executor {
 public:
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  void post_after(std::chrono::microseconds, std::function<void()> task) override { later_.push_back(std::move(task)); }
  /// One that was posted. If there is none, time passes, and one comes that was posted for later.
  bool run_one() { return run_posted() || run(later_); }
  /// One that was posted, while no time passes.
  bool run_posted() { return run(tasks_); }
  [[nodiscard]] bool idle() const { return tasks_.empty() && later_.empty(); }

 private:
  using Tasks = std::deque<std::function<void()>>;
  static bool run(Tasks& tasks) {
    if (tasks.empty()) return false;
    const auto task = std::move(tasks.front());
    tasks.pop_front();
    task();
    return true;
  }

  Tasks tasks_, later_;
};

class FakeSink final : public Sink {
 public:
  std::string received;
  std::size_t sends = 0;  // that took something
  std::size_t room = SIZE_MAX;
  int number = -1;       // of its socket, for FakeBatchSender
  bool waiting = false;  // said that there is no more room: writable() is to follow
  int socket() const override { return number; }
  std::size_t sent(std::string_view frames, int result) override {
    waiting = waiting || result == -EAGAIN;
    return Sink::sent(frames, result);
  }
  std::size_t send(std::string_view frames) override {
    const std::size_t taken = take(frames);
    waiting = waiting || taken < frames.size();
    return taken;
  }
  std::size_t take(std::string_view frames) {
    const std::size_t taken = std::min(room, frames.size());
    if (taken > 0) ++sends;
    received += frames.substr(0, taken);
    if (room != SIZE_MAX) room -= taken;
    return taken;
  }
};

/// Sends into the sinks that were registered with it; like a socket, a sink takes the first part or says EAGAIN.
class FakeBatchSender final : public BatchSender {
 public:
  std::vector<std::size_t> batches;  // sizes
  std::size_t most = 4;              // sends in one batch

  void open(FakeSink& sink) {
    sink.number = static_cast<int>(sinks_.size());
    sinks_.push_back(&sink);
  }
  std::size_t capacity() const override { return most; }
  void add(int socket, std::string_view bytes) override { batch_.emplace_back(socket, bytes); }
  std::span<const int> send_all() override {
    batches.push_back(batch_.size());
    results_.clear();
    for (const auto& [socket, bytes] : batch_) {
      const auto taken = sinks_[static_cast<std::size_t>(socket)]->take(bytes);
      results_.push_back(taken == 0 ? -EAGAIN : static_cast<int>(taken));
    }
    batch_.clear();
    return results_;
  }

 private:
  std::vector<FakeSink*> sinks_;
  std::vector<std::pair<int, std::string_view>> batch_;
  std::vector<int> results_;
};

class FakeSubscriber final : public Subscriber {
 public:
  std::vector<Outcome> outcomes;
  std::vector<Offset> live;
  int taken_over = 0;
  std::vector<Error> failures;
  std::vector<std::pair<Offset, Offset>> gaps;
  Outlet* gaps_to = nullptr;  // where "[gap FROM-TO]" goes, as a status event would
  void on_outcome(const Outcome& outcome) override { outcomes.push_back(outcome); }
  void on_live(Offset to) override { live.push_back(to); }
  void on_taken_over() override { ++taken_over; }
  bool can_be_told = true;  // of a gap
  bool on_gap(Offset from, Offset to, GapReason reason) override {
    gaps.emplace_back(from, to);
    if (gaps_to == nullptr) return can_be_told;
    gaps_to->own() += (reason == GapReason::trimmed ? "[gap " : "[damaged ") + std::to_string(from.value()) + "-" +
                      std::to_string(to.value()) + "]";
    gaps_to->flush_soon();
    return can_be_told;
  }
  void on_read_failed(const Error& error) override { failures.push_back(error); }
};

/// Takes drafts and decides about them when told.
class QueueingLog final : public FakeLog {
 public:
  std::deque<Draft> queue;
  std::size_t room = SIZE_MAX;  // drafts

  Admission publish(Draft&& draft) override {
    if (queue.size() >= room) return Admission::full;
    queue.push_back(std::move(draft));
    return Admission::queued;
  }
  /// What a commit of so many drafts tells the hub.
  void decide(Hub& hub, std::size_t count) {
    std::vector<Outcome> outcomes;
    for (; count > 0 && !queue.empty(); --count) {
      outcomes.push_back({queue.front().origin, Outcome::Status::stored, Offset(++decided_)});
      queue.pop_front();
    }
    hub.on_commit({}, outcomes);
  }

 private:
  std::uint64_t decided_ = 0;
};

struct HubWorld {
  explicit HubWorld(const ShardOptions& options = {}, std::size_t readers_queue = limits::kCatchUpQueue)
      : shard_options(options), catch_up(log, frames, readers_queue) {}

  ShardOptions shard_options;
  ManualClock clock;
  FakeLog log;
  TextFrames frames;
  ManualExecutor executor;
  CatchUp catch_up;
  SessionTable sessions{SessionKey{}, 1, Millis(1000), clock};
  Hub hub{frames, sessions};
  Shard shard{0, Offset(), frames, catch_up, executor, clock, shard_options};

  /// Connects the hub to its shard; once, at the beginning.
  void join() { hub.add(shard); }

  /// One commit of records in these channels.
  void commit(const std::vector<std::pair<std::string, std::string>>& channel_and_payload) {
    const std::size_t begin = log.records.size();
    for (const auto& [channel, payload] : channel_and_payload) {
      Record record;
      record.offset = log.head().next();
      record.channel = channel;
      record.payload = payload;
      log.records.push_back(record);
    }
    std::vector<RecordView> views;
    for (std::size_t i = begin; i < log.records.size(); ++i) views.push_back(log.records[i].view());
    hub.on_commit(views, {});
  }

  /// Removes the records below `before` from the log; those that a tail holds stay there.
  void trim(std::uint64_t before) {
    for (const Record& record : log.records) {
      if (record.offset < Offset(before)) log.last_lost[record.channel] = record.offset;
    }
    log.trimmed_before = Offset(before);
  }

  /// Runs tasks and readers until nothing is left to do.
  void settle() {
    while (executor.run_one() || catch_up.run_one()) {
    }
  }

  /// What somebody is owed who has everything up to `after`.
  [[nodiscard]] std::string owed(std::string_view channel, Offset after) const {
    std::string text;
    for (const Record& record : log.records) {
      if (record.channel == channel && record.offset > after) frames.encode(record.view(), text);
    }
    return text;
  }
};

}  // namespace tidemark
