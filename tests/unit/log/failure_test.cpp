// What happens when the store fails: no acknowledgement, no trace, and a reason.
#include <doctest/doctest.h>

#include "backends/memory/memory_store.h"
#include "tests/unit/log/log_under_test.h"

namespace tidemark::test {
namespace {

const Error kFull{ErrorCode::out_of_space, "the disk is full; make room"};
const Error kBroken{ErrorCode::io, "the disk is broken; replace it"};

std::vector<std::string> payloads(Log& log, std::string_view channel) {
  std::vector<std::string> result;
  const auto page = log.read_channel(channel, Offset(), log.head(), {1000, 1'000'000}, [&](const RecordView& record) {
    result.emplace_back(record.payload);
    return true;
  });
  if (!page) FAIL(page.error().context);
  CHECK(page->end);
  return result;
}

}  // namespace

TEST_CASE("a failed commit leaves no trace: not in the offsets, the keys, the index or the head") {
  LogUnderTest log;
  static_cast<void>(log.publish_and_wait(draft("1", "k1")));
  log.store().fail_append(kFull);
  CHECK(log.publish_and_wait(draft("2", "k2")).status == Outcome::Status::failed);
  CHECK(log->head() == Offset(1));
  CHECK(payloads(*log.operator->(), "/") == std::vector<std::string>{"1"});

  const auto again = log.publish_and_wait(draft("2", "k2"));
  CHECK(again.status == Outcome::Status::stored);
  CHECK(again.offset == Offset(2));
  CHECK(payloads(*log.operator->(), "/") == std::vector<std::string>{"1", "2"});
  CHECK(log.listener().records().size() == 2);
}

TEST_CASE("when a commit fails, its duplicates fail too, but those of durable records do not") {
  LogUnderTest log;
  static_cast<void>(log.publish_and_wait(draft("1", "old")));
  log.store().hold_appends();
  log.publish(draft("2"));
  log.store().wait_until_held();
  log.publish(draft("new", "new"));
  log.publish(draft("again", "new"));
  log.publish(draft("again", "old"));
  log.store().fail_append(kFull, 2);
  log.store().release_appends();
  const auto outcomes = log.listener().wait_for_outcomes(5);
  CHECK(outcomes[2].status == Outcome::Status::failed);
  CHECK(outcomes[3].status == Outcome::Status::failed);
  CHECK(outcomes[4].status == Outcome::Status::duplicate);
  CHECK(outcomes[4].offset == Offset(1));
}

TEST_CASE("a full disk is said, and forgotten once an append works") {
  LogUnderTest log;
  CHECK(log->why_not_writable().empty());
  log.store().fail_every_append(kFull);
  for (int i = 0; i < 3; ++i) CHECK(log.publish_and_wait(draft("1")).status == Outcome::Status::failed);
  CHECK(log->why_not_writable() == kFull.context);
  CHECK(log.store().append_sizes().size() == 3);  // it tries each time
  log.store().heal();
  CHECK(log.publish_and_wait(draft("1")).offset == Offset(1));
  CHECK(log->why_not_writable().empty());
}

TEST_CASE("a full disk is noticed, and room on it, although nobody publishes") {
  LogUnderTest log({.upkeep_interval = Millis(1)});
  log.store().fail_every_append(kFull);
  wait_until([&] { return log->why_not_writable() == kFull.context; });
  log.store().heal();
  wait_until([&] { return log->why_not_writable().empty(); });
  CHECK(log->head() == Offset());
  CHECK(log.store().append_sizes().empty());
}

TEST_CASE("a store that broke is not asked again") {
  LogUnderTest log({.upkeep_interval = Millis(1)});
  log.store().fail_every_append(kBroken);
  wait_until([&] { return log->why_not_writable().starts_with(kBroken.context); });
  log.store().heal();
  CHECK(log.publish_and_wait(draft("1")).status == Outcome::Status::failed);
  CHECK(log->why_not_writable().starts_with(kBroken.context));
}

TEST_CASE("a file that another program holds is tried again, too") {
  LogUnderTest log;
  log.store().fail_append({ErrorCode::locked, "close the other program"});
  CHECK(log.publish_and_wait(draft("1")).status == Outcome::Status::failed);
  CHECK(log->why_not_writable() == "close the other program");
  CHECK(log.publish_and_wait(draft("1")).offset == Offset(1));
  CHECK(log->why_not_writable().empty());
}

TEST_CASE("a record that the store cannot take is refused alone, not with those that shared its commit") {
  const Error refused{ErrorCode::invalid_argument, "the log holds its limit of names"};
  LogUnderTest log;
  log.store().hold_appends();
  log.publish(draft("1"));
  log.store().wait_until_held();
  for (const char* payload : {"2", "3", "4"}) log.publish(draft(payload, payload));
  log.store().fail_append(refused, 2);  // the commit of all three; then each is tried alone
  log.store().release_appends();
  for (const Outcome& outcome : log.listener().wait_for_outcomes(4)) CHECK(outcome.status == Outcome::Status::stored);
  CHECK(log.store().append_sizes() == std::vector<std::size_t>{1, 3, 1, 1, 1});
  log.store().fail_append(refused);
  CHECK(log.publish_and_wait(draft("5")).status == Outcome::Status::refused);
  CHECK(log->why_not_writable().empty());
  CHECK(log.publish_and_wait(draft("2", "2")).status == Outcome::Status::duplicate);
}

TEST_CASE("after any other failure the store is not touched again") {
  LogUnderTest log;
  static_cast<void>(log.publish_and_wait(draft("1", "k1")));
  log.store().fail_append(kBroken);
  CHECK(log.publish_and_wait(draft("2")).status == Outcome::Status::failed);
  for (int i = 0; i < 3; ++i) CHECK(log.publish_and_wait(draft("3", "k1")).status == Outcome::Status::failed);
  CHECK(log->why_not_writable().starts_with(kBroken.context));
  CHECK(log.store().append_sizes().size() == 2);
  CHECK(payloads(*log.operator->(), "/") == std::vector<std::string>{"1"});  // reading still works
}

TEST_CASE("a key that cannot be compared is neither stored twice nor called a duplicate") {
  LogUnderTest log;
  static_cast<void>(log.publish_and_wait(draft("1", "k1")));
  log.store().fail_reads(kBroken);
  CHECK(log.publish_and_wait(draft("1", "k1")).status == Outcome::Status::failed);
  CHECK(log.publish_and_wait(draft("2", "k2")).status == Outcome::Status::stored);
  log.store().heal();
  const auto again = log.publish_and_wait(draft("1", "k1"));
  CHECK(again.status == Outcome::Status::duplicate);
  CHECK(again.offset == Offset(1));
}

TEST_CASE("a failure at a segment boundary leaves the segment unfinished until the commit that works") {
  auto memory = make_memory_store(Epoch(1));
  std::vector<RecordView> records;
  for (std::uint64_t offset = 1; offset < limits::kSegmentRecords; ++offset) {
    records.push_back({.offset = Offset(offset),
                       .time = {1},
                       .channel = "/",
                       .event = "e",
                       .sender = "s",
                       .client_key = "",
                       .payload = "1",
                       .attachments = ""});
  }
  REQUIRE(memory->append(records, {}));
  LogUnderTest log(std::move(memory), {});
  log.store().fail_append(kFull);
  CHECK(log.publish_and_wait(draft("1", "", "/last")).status == Outcome::Status::failed);
  const auto segments = [&](std::string_view channel) {
    std::size_t count = 0;
    CHECK(log.store().channel_segments(channel, 0, [&](std::uint64_t, std::string_view) { return ++count > 0; }));
    return count;
  };
  CHECK(segments("/") == 0);
  CHECK(log.publish_and_wait(draft("2", "", "/last")).offset == segment_last(0));
  CHECK(segments("/") == 1);
  CHECK(segments("/last") == 1);
  CHECK(log.publish_and_wait(draft("3", "", "/last")).offset == segment_first(1));
  CHECK(payloads(*log.operator->(), "/last") == std::vector<std::string>{"2", "3"});
}

}  // namespace tidemark::test
