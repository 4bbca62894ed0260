// A log that trims itself: while it is appended to and read, and after it was opened again.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <span>

#include "backends/memory/memory_store.h"
#include "tests/contract/engine_under_test.h"
#include "tests/unit/log/log_under_test.h"

namespace tidemark::test {
namespace {

using Offsets = std::vector<std::uint64_t>;

LogOptions trimming(const RetentionPolicy& policy) { return {.upkeep_interval = Millis(1), .retention = policy}; }

void publish(LogUnderTest& log, std::uint64_t count, std::string_view channel = "/") {
  const auto before = log.listener().outcomes();
  for (std::uint64_t i = 0; i < count; ++i) log.publish(draft("1", "", channel));
  static_cast<void>(log.listener().wait_for_outcomes(before + count));
}

void wait_for_first(LogUnderTest& log, std::uint64_t first) {
  wait_until([&] { return log->first() == Offset(first); });
}

/// Reads all that is left of a channel after `after`, in pages.
Offsets read(Log& log, std::string_view channel, Offset after, std::size_t page_records) {
  Offsets all;
  for (const Offset head = log.head();;) {
    const auto page = log.read_channel(channel, after, head, {page_records, 1'000'000}, [&](const RecordView& record) {
      REQUIRE(record.channel == channel);
      all.push_back(record.offset.value());
      return true;
    });
    if (!page) FAIL(page.error().context);
    if (page->end) return all;
    REQUIRE(page->covered > after);
    after = page->covered;
  }
}

}  // namespace

TEST_CASE("a log keeps to its retention while it runs, and each channel knows what it lost") {
  for (const auto engine : store_engines()) {
    INFO("engine ", std::string(engine));
    contract::TemporaryDirectory directory;
    const StoreOptions options{.directory = directory.path(), .epoch_if_new = Epoch(1)};
    LogUnderTest log(open_store(engine, options).value(), trimming({.records = 10}));
    publish(log, 5, "/quiet");
    publish(log, 20, "/busy");
    wait_for_first(log, 16);
    CHECK(log->lost_settled("/quiet") == Offset(5));
    CHECK(log->lost_settled("/busy") == Offset(15));
    CHECK(log->lost("/other") == Offset());
    CHECK(read(*log.operator->(), "/busy", Offset(), 100).size() == 10);
    CHECK(read(*log.operator->(), "/quiet", Offset(), 100).empty());
  }
}

// The memory engine, whose next trim stops halfway: the records are hidden and state() does not say so yet, until a reader
// that found one of them missing has asked it.
class StoreInATrim final : public LogStore {
 public:
  void stop_halfway() { armed_ = true; }
  [[nodiscard]] bool halfway() const { return halfway_; }

  std::string_view engine() const override { return store_->engine(); }
  StoreState state() const override {
    const std::scoped_lock lock(mutex_);
    if (!halfway_) return store_->state();
    if (found_nothing_) {
      asked_ = true;
      changed_.notify_all();
    }
    return before_;
  }
  Result<void> append(std::span<const RecordView> records, std::span<const IndexSegment> segments) override {
    return store_->append(records, segments);
  }
  Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page, RecordVisitor visit) const override {
    return store_->scan(from, to, direction, page, visit);
  }
  Result<void> read(std::span<const Offset> offsets, RecordVisitor visit) const override {
    bool found = false;
    const auto read = store_->read(offsets, [&](const RecordView& record) {
      found = true;
      return visit(record);
    });
    const std::scoped_lock lock(mutex_);
    found_nothing_ = found_nothing_ || !found;
    return read;
  }
  Result<void> channel_segments(std::string_view channel, std::uint64_t from_segment,
                                FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    return store_->channel_segments(channel, from_segment, visit);
  }
  Result<void> key_segments(std::uint64_t from_segment,
                            FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    return store_->key_segments(from_segment, visit);
  }
  Result<void> trim(Offset before, std::span<const ChannelLoss> losses) override {
    std::unique_lock lock(mutex_);
    before_ = store_->state();
    auto trimmed = store_->trim(before, losses);
    if (!armed_.exchange(false)) return trimmed;
    halfway_ = true;
    changed_.wait(lock, [this] { return asked_; });
    halfway_ = false;
    return trimmed;
  }
  Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const override { return store_->losses(visit); }
  Result<void> verify() const override { return store_->verify(); }
  StoreStats stats() const override { return store_->stats(); }
  void close() override { store_->close(); }

 private:
  const std::unique_ptr<LogStore> store_ = make_memory_store(Epoch(1));
  std::atomic<bool> armed_ = false;
  std::atomic<bool> halfway_ = false;
  mutable std::mutex mutex_;  // guards the rest
  mutable std::condition_variable changed_;
  mutable bool found_nothing_ = false;
  mutable bool asked_ = false;
  StoreState before_;
};

TEST_CASE("a channel that is read while a trim is under way is not called damaged") {
  auto owned = std::make_unique<StoreInATrim>();
  StoreInATrim& store = *owned;
  LogUnderTest log(std::move(owned), trimming({.records = 10}));
  publish(log, 10);
  store.stop_halfway();
  publish(log, 10);
  wait_until([&] { return store.halfway(); });
  const auto got = read(*log.operator->(), "/", Offset(), 100);
  REQUIRE(got.size() >= 10);
  CHECK(got.back() == 20);
  CHECK(got.front() == 20 - got.size() + 1);
}

TEST_CASE("offsets go on and losses are known after everything was trimmed and the log was opened again") {
  for (const auto engine : store_engines()) {
    if (engine == "memory") continue;  // it has nothing to come back to
    INFO("engine ", std::string(engine));
    contract::TemporaryDirectory directory;
    const StoreOptions options{.directory = directory.path(), .epoch_if_new = Epoch(1)};
    {
      LogUnderTest log(open_store(engine, options).value(), trimming({.age = Millis(100)}));
      publish(log, 30, "/a");
      CHECK(log->first() == Offset(1));
      log.clock().set(1'101);
      wait_for_first(log, 31);
    }
    LogUnderTest log(open_store(engine, options).value(), {});
    CHECK(log->head() == Offset(30));
    CHECK(log->first() == Offset(31));
    CHECK(log->lost("/a") == Offset(30));
    CHECK(log.publish_and_wait(draft("1")).offset == Offset(31));
  }
}

TEST_CASE("a key whose record was trimmed is new again, one whose record is kept is not") {
  LogUnderTest log(trimming({.records = 2}));
  CHECK(log.publish_and_wait(draft("1", "old")).offset == Offset(1));
  CHECK(log.publish_and_wait(draft("1", "kept")).offset == Offset(2));
  publish(log, 1);
  wait_for_first(log, 2);
  CHECK(log.publish_and_wait(draft("1", "kept")).status == Outcome::Status::duplicate);
  const auto again = log.publish_and_wait(draft("1", "old"));
  CHECK(again.status == Outcome::Status::stored);
  CHECK(again.offset == Offset(4));
}

TEST_CASE("a trim that fails loses nothing and is tried again, and records are taken meanwhile") {
  for (const bool reading : {false, true}) {
    CAPTURE(reading);
    LogUnderTest log(trimming({.records = 5}));
    if (reading) {
      log.store().fail_reads({ErrorCode::io, "cannot read"});
    } else {
      log.store().fail_trims({ErrorCode::out_of_space, "the disk is full"});
    }
    publish(log, 20);
    CHECK(log->first() == Offset(1));
    CHECK(log->lost_settled("/") == Offset());
    CHECK(log->why_not_writable().empty());
    log.store().heal();
    wait_for_first(log, 16);
  }
}

TEST_CASE("after a trim whose write failed the store is not trusted any more: nothing is acknowledged") {
  LogUnderTest log(trimming({.records = 5}));
  log.store().fail_trims({ErrorCode::io, "the disk is broken"});
  publish(log, 20);
  wait_until([&] { return !log->why_not_writable().empty(); });
  log.store().heal();
  CHECK(log.publish_and_wait(draft("1")).status == Outcome::Status::failed);
  CHECK(log->first() == Offset(1));
}

TEST_CASE("a full disk does not stop retention: it is what makes room") {
  LogUnderTest log(trimming({.age = Millis(100)}));
  publish(log, 20);
  log.store().fail_every_append({ErrorCode::out_of_space, "the disk is full"});
  wait_until([&] { return !log->why_not_writable().empty(); });
  log.clock().set(10'000);
  wait_for_first(log, 21);
}

// What a reader is given at any time is what a model says, although it is trimmed under its hands: each of the channel's
// records that it did not get is at or below what the channel is known to have lost when the read is done.
TEST_CASE("random appends, trims and reads agree with a model") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed ", seed);
  for (const auto engine : store_engines()) {
    INFO("engine ", std::string(engine));
    std::mt19937_64 random(seed);
    contract::TemporaryDirectory directory;
    const StoreOptions options{.directory = directory.path(), .epoch_if_new = Epoch(1)};
    const std::vector<std::string> channels{"/busy", "/calm", "/rare"};
    std::vector<Offsets> model(channels.size());  // the offsets each channel ever had
    const std::uint64_t kept = 500 + random() % 3000;
    for (int opened = 0; opened < (engine == "memory" ? 1 : 3); ++opened) {
      LogUnderTest log(open_store(engine, options).value(), trimming({.records = kept}));
      for (int step = 0; step < 60; ++step) {
        const auto before = log.listener().outcomes();
        auto next = log->head().value();
        const auto count = random() % 800;
        for (std::uint64_t i = 0; i < count; ++i) {
          const auto draw = random() % 100;
          const std::size_t channel = draw == 0 ? 2 : draw < 20 ? 1 : 0;
          model[channel].push_back(++next);
          log.publish(draft("1", "", channels[channel]));
        }
        static_cast<void>(log.listener().wait_for_outcomes(before + count));
        for (std::size_t channel = 0; channel < channels.size(); ++channel) {
          const auto& all = model[channel];
          const Offset after(random() % (next + 1));
          const auto lost_before = log->lost_settled(channels[channel]);
          const auto got = read(*log.operator->(), channels[channel], after, 1 + random() % 500);
          const auto lost = log->lost_settled(channels[channel]);
          Offsets owed;
          for (const auto offset : all) {
            if (offset > after.value()) owed.push_back(offset);
          }
          INFO("opened ", opened, " step ", step, " ", channels[channel], " after ", after.value(), " lost ",
               lost.value());
          REQUIRE(std::ranges::includes(owed, got));
          for (const auto offset : owed) {
            if (!std::ranges::binary_search(got, offset)) REQUIRE(offset <= lost.value());
            if (std::ranges::binary_search(got, offset)) REQUIRE(offset > lost_before.value());
          }
          if (lost != Offset()) REQUIRE(std::ranges::binary_search(all, lost.value()));
          const auto history = random() % 20;
          const auto newest = log->offset_before_last(channels[channel], log->head(), history);
          REQUIRE(newest);
          const auto last = read(*log.operator->(), channels[channel], *newest, 1000);
          REQUIRE(last.size() <= history);
          REQUIRE(std::ranges::equal(last, std::span(all).last(last.size())));
        }
      }
      const auto head = log->head().value();
      wait_for_first(log, head > kept ? head - kept + 1 : 1);
    }
  }
}

}  // namespace tidemark::test
