// Order, durability and admission.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/log/log_under_test.h"

namespace tidemark::test {
namespace {

constexpr std::size_t kOnePayload = 1000;

std::string payload() { return std::string(kOnePayload, '1'); }

}  // namespace

TEST_CASE("nothing is reported and the head stands still before the record is durable") {
  LogUnderTest log;
  log.store().hold_appends();
  log.publish(draft("1"));
  log.store().wait_until_held();
  CHECK(log.listener().outcomes() == 0);
  CHECK(log->head() == Offset(0));
  log.store().release_appends();
  const auto outcomes = log.listener().wait_for_outcomes(1);
  CHECK(outcomes[0].status == Outcome::Status::stored);
  CHECK(outcomes[0].offset == Offset(1));
  CHECK(log->head() == Offset(1));
}

TEST_CASE("a message for one channel more than there may be is refused, alone, and the rest is one commit") {
  LogUnderTest log({.channel_names = 2});
  log.store().hold_appends();
  log.publish(draft("1", "", "/a"));
  log.store().wait_until_held();
  log.publish(draft("2", "k", "/b"));
  log.publish(draft("3", "k", "/c"));
  log.publish(draft("4", "", "/a"));
  log.store().release_appends();
  const auto outcomes = log.listener().wait_for_outcomes(4);
  CHECK(outcomes[1].status == Outcome::Status::stored);
  CHECK(outcomes[2].status == Outcome::Status::refused);
  CHECK(outcomes[3].status == Outcome::Status::stored);
  CHECK(outcomes[3].offset == Offset(3));
  CHECK(log.store().append_sizes() == std::vector<std::size_t>{1, 2});
}

TEST_CASE("a channel whose first record was not stored takes no place") {
  LogUnderTest log({.channel_names = 1});
  log.store().fail_append({ErrorCode::out_of_space, "the disk is full"});
  CHECK(log.publish_and_wait(draft("1", "", "/a")).status == Outcome::Status::failed);
  CHECK(log.publish_and_wait(draft("1", "", "/b")).status == Outcome::Status::stored);
  CHECK(log.publish_and_wait(draft("1", "", "/a")).status == Outcome::Status::refused);
}

TEST_CASE("the record handed on is the one that was published") {
  LogUnderTest log;
  auto published = draft(R"({"a":1})", "k1", "/chat/x");
  published.attachments = "1234567";
  published.origin = {.shard = 3, .subscription = 77, .ack_id = 5};
  const auto outcome = log.publish_and_wait(std::move(published));
  CHECK(outcome.origin.shard == 3);
  CHECK(outcome.origin.subscription == 77);
  CHECK(outcome.origin.ack_id == 5);
  const auto records = log.listener().records();
  REQUIRE(records.size() == 1);
  Record expected;
  expected.offset = Offset(1);
  expected.time = {1'000};
  expected.channel = "/chat/x";
  expected.event = "chat message";
  expected.sender = "ada";
  expected.client_key = "k1";
  expected.payload = R"({"a":1})";
  expected.attachments = "1234567";
  CHECK(records[0] == expected);
}

TEST_CASE("all drafts that queue while a commit runs become one commit") {
  LogUnderTest log;
  log.store().hold_appends();
  log.publish(draft("0"));
  log.store().wait_until_held();
  for (int i = 1; i <= 100; ++i) log.publish(draft(fmt::format("{}", i)));
  log.store().release_appends();
  const auto outcomes = log.listener().wait_for_outcomes(101);
  CHECK(log.store().append_sizes() == std::vector<std::size_t>{1, 100});
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    CHECK(outcomes[i].offset.value() == i + 1);
  }
}

TEST_CASE("a commit is bounded in records") {
  LogUnderTest log;
  log.store().hold_appends();
  log.publish(draft("0"));
  log.store().wait_until_held();
  for (std::size_t i = 0; i < limits::kBatchRecords + 10; ++i) log.publish(draft("1"));
  log.store().release_appends();
  static_cast<void>(log.listener().wait_for_outcomes(limits::kBatchRecords + 11));
  CHECK(log.store().append_sizes() == std::vector<std::size_t>{1, limits::kBatchRecords, 10});
}

TEST_CASE("a commit is bounded in bytes") {
  LogUnderTest log;
  log.store().hold_appends();
  log.publish(draft("0"));
  log.store().wait_until_held();
  for (int i = 0; i < 3; ++i) log.publish(draft(std::string(limits::kBatchBytes / 2 - 1000, '1')));
  log.store().release_appends();
  static_cast<void>(log.listener().wait_for_outcomes(4));
  CHECK(log.store().append_sizes() == std::vector<std::size_t>{1, 2, 1});
}

TEST_CASE("a full queue leaves the draft untouched and says when there is room again") {
  LogUnderTest log({.queue_bytes = 10 * draft(payload()).bytes()});
  log.store().hold_appends();
  for (int i = 0; i < 10; ++i) log.publish(draft(payload()));
  auto refused = draft(payload(), "key");
  REQUIRE(log->publish(std::move(refused)) == Log::Admission::full);
  CHECK(refused.payload == payload());
  CHECK(refused.client_key == "key");
  CHECK(log.listener().rooms() == 0);
  log.store().release_appends();
  log.listener().wait_for_room(1);
  CHECK(log->publish(std::move(refused)) == Log::Admission::queued);
  CHECK(log.listener().wait_for_outcomes(11).size() == 11);
  CHECK(log.listener().rooms() == 1);
}

TEST_CASE("a queue that never was full says nothing about room") {
  LogUnderTest log;
  for (int i = 0; i < 10; ++i) static_cast<void>(log.publish_and_wait(draft("1")));
  CHECK(log.listener().rooms() == 0);
}

TEST_CASE("a draft larger than the whole queue is taken when nothing else waits") {
  LogUnderTest log({.queue_bytes = 100});
  CHECK(log.publish_and_wait(draft(payload())).status == Outcome::Status::stored);
}

TEST_CASE("closing commits what was queued, reports it and admits no more") {
  LogUnderTest log;
  log.store().hold_appends();
  for (int i = 0; i < 50; ++i) log.publish(draft("1"));
  log.store().wait_until_held();
  log.store().release_appends();
  log->close();
  CHECK(log.listener().outcomes() == 50);
  CHECK(log.listener().records().size() == 50);
  auto late = draft("late");
  CHECK(log->publish(std::move(late)) == Log::Admission::closed);
  CHECK(late.payload == "late");
  log->close();
}

TEST_CASE("time never goes back, whatever the clock does") {
  LogUnderTest log;
  for (const std::int64_t wall : {5'000, 3'000, 6'000, -1}) {
    log.clock().set(wall);
    static_cast<void>(log.publish_and_wait(draft("1")));
  }
  std::vector<std::int64_t> times;
  for (const Record& record : log.listener().records()) times.push_back(record.time.value);
  CHECK(times == std::vector<std::int64_t>{5'000, 5'000, 6'000, 6'000});
}

}  // namespace tidemark::test
