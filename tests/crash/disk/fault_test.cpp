// I/O faults at every call: the short run. ./dev crash faults leaves none out.
#include <doctest/doctest.h>

#include <cerrno>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "backends/sqlite/sqlite_store.h"
#include "tests/crash/disk/engine.h"
#include "tests/crash/disk/fault_sweep.h"
#include "tests/crash/disk/faulty_store.h"
#include "tests/crash/disk/oracle.h"
#include "tests/crash/disk/recorder.h"
#include "tests/crash/disk/scratch.h"
#include "tests/crash/disk/workload.h"

namespace tidemark::crash {
namespace {

/// Every so many calls one fails; which, is drawn anew in each run.
constexpr std::uint64_t kStep = 47;

void sweep_all(Level level) {
  const auto first = 1 + std::random_device{}() % kStep;
  for (const auto engine : durable_engines()) {
    for (const FaultKind& kind : fault_kinds()) {
      const auto tally = sweep(engine, level, kind, {first, kStep});
      CHECK(tally.cases > 0);
      for (const auto& failure : tally.failures) CHECK_MESSAGE(false, failure);
    }
  }
}

}  // namespace

TEST_CASE("whichever I/O call fails, the store acknowledges nothing that is not durable, and comes back") {
  sweep_all(Level::store);
}

TEST_CASE("whichever I/O call fails, the log acknowledges nothing that is not durable, and knows every key again") {
  sweep_all(Level::log);
}

TEST_CASE("a full disk that SQLite meets in the index of its write-ahead log is waited out like any other") {
  // Each 4,000 pages or so of the log its index, a mapped file, grows by 32 KiB. SQLite calls that an I/O error.
  const Scratch scratch;
  const Image empty{{kLogDirectory}, {}};
  empty.write_to(scratch.path());
  const SimulatedDisk disk(empty);
  Recorder recorder(scratch.path(), disk, 0);
  const StoreOptions options{
      .directory = scratch.path() / kLogDirectory, .epoch_if_new = Epoch(1), .free_bytes_min = 0};
  auto store = open_sqlite_store(options, 1'000'000);
  REQUIRE(store);
  Dice dice(1);
  std::vector<Record> stored;
  const auto append = [&] {
    const auto next = (*store)->state().head.next();
    std::vector<Record> batch;
    for (std::uint64_t i = 0; i < 4; ++i) batch.push_back(draw_record(dice, Offset(next.value() + i), 2'000'000));
    auto done = (*store)->append(record_views(batch), {});
    if (done) stored.insert(stored.end(), batch.begin(), batch.end());
    return done;
  };
  recorder.inject({.nth = 1, .error = ENOSPC, .for_good = true, .only = "-shm"});
  auto done = append();
  while (done) done = append();
  INFO(done.error().context);
  CHECK(done.error().code == ErrorCode::out_of_space);
  CHECK(recorder.faulted().find("-shm") != std::string::npos);
  CHECK_FALSE(append());
  recorder.heal();
  CHECK(append());
  static_cast<void>(check_store(
      **store,
      {.epoch = Epoch(1), .acknowledged = {.records = stored, .head = stored.back().offset}, .under_way = {}}));
}

}  // namespace tidemark::crash
