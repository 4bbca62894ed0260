// A message sent twice with the same client key is stored once, as far back as the window.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>

#include "backends/memory/memory_store.h"
#include "src/log/dedupe_window.h"
#include "tests/contract/engine_under_test.h"
#include "tests/unit/log/log_under_test.h"

namespace tidemark::test {
namespace {

void check_duplicate(const Outcome& outcome, std::uint64_t offset) {
  CHECK(outcome.status == Outcome::Status::duplicate);
  CHECK(outcome.offset.value() == offset);
}

std::vector<std::uint64_t> found(const DedupeWindow& window, std::uint64_t hash) {
  std::vector<std::uint64_t> offsets;
  const auto candidates = window.find(hash);
  for (const Offset offset : candidates.offsets()) offsets.push_back(offset.value());
  std::ranges::sort(offsets);
  return offsets;
}

using Offsets = std::vector<std::uint64_t>;

TEST_CASE("a key that is stored anew each time its record was trimmed is found all the same") {
  LogUnderTest log;
  for (std::uint64_t offset = 1; offset <= 2 * limits::kDedupeCandidates; ++offset) {
    CAPTURE(offset);
    const auto stored = log.publish_and_wait(draft("again", "key"));
    CHECK(stored.status == Outcome::Status::stored);
    CHECK(stored.offset == Offset(offset));
    const auto repeated = log.publish_and_wait(draft("again", "key"));
    CHECK(repeated.status == Outcome::Status::duplicate);
    CHECK(repeated.offset == Offset(offset));
    REQUIRE(log.store().trim(Offset(offset + 1), {}));
  }
}

}  // namespace

TEST_CASE("a key is stored once, and the second sender learns the first one's offset") {
  LogUnderTest log;
  CHECK(log.publish_and_wait(draft("1", "k1")).offset == Offset(1));
  CHECK(log.publish_and_wait(draft("2", "k2")).offset == Offset(2));
  check_duplicate(log.publish_and_wait(draft("other payload", "k1")), 1);
  check_duplicate(log.publish_and_wait(draft("2", "k2")), 2);
  CHECK(log->head() == Offset(2));
}

TEST_CASE("keys of different channels have nothing to do with each other; no key is never a duplicate") {
  LogUnderTest log;
  CHECK(log.publish_and_wait(draft("1", "k", "/a")).status == Outcome::Status::stored);
  CHECK(log.publish_and_wait(draft("1", "k", "/b")).status == Outcome::Status::stored);
  CHECK(log.publish_and_wait(draft("1", "", "/a")).status == Outcome::Status::stored);
  CHECK(log.publish_and_wait(draft("1", "", "/a")).status == Outcome::Status::stored);
}

TEST_CASE("a key that comes twice in one commit is stored once") {
  LogUnderTest log;
  log.store().hold_appends();
  log.publish(draft("0"));
  log.store().wait_until_held();
  log.publish(draft("1", "k1"));
  log.publish(draft("1", "k1"));
  log.publish(draft("2", "k2"));
  log.publish(draft("1", "k1"));
  log.store().release_appends();
  const auto outcomes = log.listener().wait_for_outcomes(5);
  CHECK(outcomes[1].offset == Offset(2));
  check_duplicate(outcomes[2], 2);
  CHECK(outcomes[3].offset == Offset(3));
  check_duplicate(outcomes[4], 2);
  CHECK(log.listener().records().size() == 3);
}

TEST_CASE("a commit of nothing but duplicates writes nothing") {
  LogUnderTest log;
  static_cast<void>(log.publish_and_wait(draft("1", "k1")));
  check_duplicate(log.publish_and_wait(draft("1", "k1")), 1);
  CHECK(log.store().append_sizes() == std::vector<std::size_t>{1});
}

TEST_CASE("a key is forgotten once its record is not among the newest of the window") {
  LogUnderTest log({.dedupe_window_records = 3});
  static_cast<void>(log.publish_and_wait(draft("1", "k")));
  static_cast<void>(log.publish_and_wait(draft("2")));
  static_cast<void>(log.publish_and_wait(draft("3")));
  check_duplicate(log.publish_and_wait(draft("1", "k")), 1);
  static_cast<void>(log.publish_and_wait(draft("4")));
  const auto again = log.publish_and_wait(draft("1", "k"));
  CHECK(again.status == Outcome::Status::stored);
  CHECK(again.offset == Offset(5));
}

TEST_CASE("after a restart keys, time and offsets go on where they were") {
  const contract::TemporaryDirectory directory;
  const auto open = [&] {
    auto store = open_store("sqlite", {.directory = directory.path(), .epoch_if_new = Epoch(1)});
    REQUIRE(store);
    return std::make_unique<LogUnderTest>(std::move(*store), LogOptions{.dedupe_window_records = 3});
  };
  {
    const auto log = open();
    log->clock().set(9'000);
    for (const char* key : {"k1", "k2", "k3", "k4"}) static_cast<void>(log->publish_and_wait(draft("1", key)));
  }
  const auto log = open();
  CHECK(log->operator->()->head() == Offset(4));
  check_duplicate(log->publish_and_wait(draft("1", "k2")), 2);
  check_duplicate(log->publish_and_wait(draft("1", "k4")), 4);
  CHECK(log->publish_and_wait(draft("1", "k1")).offset == Offset(5));  // out of the window before the restart already
  CHECK(log->listener().records().front().time.value == 9'000);        // the clock says 1,000
}

TEST_CASE("keys of finished segments are known after a restart") {
  const contract::TemporaryDirectory directory;
  constexpr std::uint64_t kRecords = 2 * limits::kSegmentRecords + 100;
  const auto open = [&] {
    auto store = open_store("sqlite", {.directory = directory.path(), .epoch_if_new = Epoch(1)});
    REQUIRE(store);
    return std::make_unique<LogUnderTest>(std::move(*store), LogOptions{});
  };
  {
    const auto log = open();
    for (std::uint64_t i = 1; i <= kRecords; ++i) log->publish(draft("1", fmt::format("k{}", i)));
    const auto outcomes = log->listener().wait_for_outcomes(kRecords);
    CHECK(outcomes.back().offset.value() == kRecords);
    for (const auto size : log->store().append_sizes()) CHECK(size <= limits::kBatchRecords);
  }
  const auto log = open();
  for (const std::uint64_t offset : {std::uint64_t{1}, limits::kSegmentRecords, limits::kSegmentRecords + 1,
                                     2 * limits::kSegmentRecords, 2 * limits::kSegmentRecords + 1, kRecords}) {
    check_duplicate(log->publish_and_wait(draft("1", fmt::format("k{}", offset))), offset);
  }
  CHECK(log->publish_and_wait(draft("1", "new")).offset.value() == kRecords + 1);
}

TEST_CASE("keys from before a restart survive a commit that fails after it") {
  auto memory = make_memory_store(Epoch(1));
  contract::append(*memory, {contract::record_at(1), contract::record_at(2)});
  LogUnderTest log(std::move(memory), {});
  log.store().fail_append({ErrorCode::out_of_space, "full"});
  CHECK(log.publish_and_wait(draft("1", "new")).status == Outcome::Status::failed);
  check_duplicate(log.publish_and_wait(draft("1", "key-1")), 1);
  check_duplicate(log.publish_and_wait(draft("1", "key-2")), 2);
}

TEST_CASE("a hash that two keys share makes no duplicate") {
  // The index claims that record 5 has the hash of "twin"; its key is another one.
  auto memory = make_memory_store(Epoch(1));
  std::vector<IndexSegment> segments{contract::segment_with(0, "/", {5})};
  segments.front().key_hashes = encode_key_hashes(0, {{DedupeWindow::hash("/", "twin"), Offset(5)}});
  contract::append(*memory, contract::records_between(1, limits::kSegmentRecords), segments);
  LogUnderTest log(std::move(memory), {});
  const auto stored = log.publish_and_wait(draft("1", "twin"));
  CHECK(stored.status == Outcome::Status::stored);
  CHECK(stored.offset == segment_first(1));
  check_duplicate(log.publish_and_wait(draft("1", "twin")), segment_first(1).value());
}

TEST_CASE("a key whose record was trimmed is new") {
  LogUnderTest log;
  static_cast<void>(log.publish_and_wait(draft("1", "k1")));
  static_cast<void>(log.publish_and_wait(draft("2", "k2")));
  REQUIRE(log.store().trim(Offset(2), {}));
  CHECK(log.publish_and_wait(draft("1", "k1")).offset == Offset(3));
  check_duplicate(log.publish_and_wait(draft("2", "k2")), 2);
}

TEST_CASE("an empty window is small") {
  CHECK(DedupeWindow(limits::kDedupeWindowRecords).memory_bytes() <= 32 * limits::kKiB);
}

TEST_CASE("equal hashes of different keys are all found, up to the bound") {
  DedupeWindow window(1000);
  for (std::uint64_t offset = 1; offset <= 3; ++offset) window.stage(42, Offset(offset));
  window.commit(Offset(3));
  CHECK(found(window, 42) == Offsets{1, 2, 3});
  for (std::uint64_t offset = 4; offset <= 100; ++offset) window.stage(42, Offset(offset));
  CHECK(found(window, 42).size() == limits::kDedupeCandidates);
  window.rollback();
  CHECK(found(window, 42) == Offsets{1, 2, 3});
}

TEST_CASE("the window behaves like a map over the newest records under random batches") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed ", seed);
  std::mt19937_64 random(seed);
  constexpr std::uint64_t kWindow = 5'000;
  DedupeWindow window(kWindow);
  std::multimap<std::uint64_t, std::uint64_t> model;  // hash -> offset
  std::uint64_t head = 0;
  for (int batch = 0; batch < 400; ++batch) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> staged;
    auto offset = head;
    for (auto count = random() % 100; count > 0; --count) {
      ++offset;
      if (random() % 4 == 0) continue;  // a record without a key
      // Few low bits: long runs in the table.
      const auto hash = (random() % 64) | (random() << 20);
      window.stage(hash, Offset(offset));
      staged.emplace_back(hash, offset);
      REQUIRE(found(window, hash).back() == offset);
    }
    if (random() % 5 == 0) {
      window.rollback();
    } else {
      head = offset;
      window.commit(Offset(head));
      for (const auto& [hash, at] : staged) model.emplace(hash, at);
      std::erase_if(model, [&](const auto& entry) { return entry.second + kWindow <= head; });
    }
    REQUIRE(window.size() == model.size());
    for (const auto& [hash, at] : staged) REQUIRE(found(window, hash).empty() == !model.contains(hash));
  }
  for (const auto& [hash, at] : model) REQUIRE_FALSE(found(window, hash).empty());
}

}  // namespace tidemark::test
