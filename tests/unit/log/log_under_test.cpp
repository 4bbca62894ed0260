#include "tests/unit/log/log_under_test.h"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>
#include <utility>

#include "backends/memory/memory_store.h"

namespace tidemark::test {

void CommitRecorder::on_commit(std::span<const RecordView> records, std::span<const Outcome> outcomes) {
  {
    const std::scoped_lock lock(mutex_);
    for (const RecordView& record : records) records_.emplace_back(record);
    outcomes_.insert(outcomes_.end(), outcomes.begin(), outcomes.end());
  }
  changed_.notify_all();
}

void CommitRecorder::on_room() {
  {
    const std::scoped_lock lock(mutex_);
    ++rooms_;
  }
  changed_.notify_all();
}

std::vector<Outcome> CommitRecorder::wait_for_outcomes(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return outcomes_.size() >= count; });
  return outcomes_;
}

void CommitRecorder::wait_for_room(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return rooms_ >= count; });
}

std::size_t CommitRecorder::outcomes() const {
  const std::scoped_lock lock(mutex_);
  return outcomes_.size();
}

std::size_t CommitRecorder::rooms() const {
  const std::scoped_lock lock(mutex_);
  return rooms_;
}

std::vector<Record> CommitRecorder::records() const {
  const std::scoped_lock lock(mutex_);
  return records_;
}

void wait_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("waited ten seconds in vain");
    std::this_thread::yield();
  }
}

Draft draft(std::string_view payload, std::string_view key, std::string_view channel) {
  return {.channel = std::string(channel),
          .event = "chat message",
          .sender = "ada",
          .client_key = std::string(key),
          .payload = std::string(payload),
          .attachments = {},
          .origin = {}};
}

LogUnderTest::LogUnderTest(LogOptions options) : LogUnderTest(make_memory_store(Epoch(1)), options) {}

LogUnderTest::LogUnderTest(std::unique_ptr<LogStore> store, LogOptions options) {
  auto faulty = std::make_unique<FaultyStore>(std::move(store));
  store_ = faulty.get();
  auto opened = Log::open(std::move(faulty), options, clock_);
  if (!opened) FAIL(opened.error().context);
  log_ = std::move(*opened);
  log_->start(listener_);
}

LogUnderTest::~LogUnderTest() {
  store_->release_appends();
  log_->close();
}

void LogUnderTest::publish(Draft draft) { REQUIRE(log_->publish(std::move(draft)) == Log::Admission::queued); }

Outcome LogUnderTest::publish_and_wait(Draft draft) {
  const auto before = listener_.outcomes();
  publish(std::move(draft));
  return listener_.wait_for_outcomes(before + 1)[before];
}

}  // namespace tidemark::test
