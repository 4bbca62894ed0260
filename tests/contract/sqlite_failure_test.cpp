// What the SQLite engine does when writing fails, and when the process dies and its write-ahead log is damaged.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iterator>

#include "tests/contract/engine_under_test.h"

namespace tidemark::contract {
namespace {

Result<std::unique_ptr<LogStore>> open(const TemporaryDirectory& directory) {
  return open_store("sqlite", {.directory = directory.path(), .epoch_if_new = kEpoch});
}

/// Runs `body` on the store in a process of its own, which then dies without closing it. True if the body said so.
bool in_dying_process(const TemporaryDirectory& directory, const std::function<bool(LogStore&)>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = open(directory);
    ::_exit(store && body(**store) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool appended(LogStore& store, std::uint64_t first, std::uint64_t last) {
  return store.append(views(records_between(first, last)), {}).has_value();
}

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("what was appended before the process died is there") {
  const TemporaryDirectory directory;
  REQUIRE(
      in_dying_process(directory, [](LogStore& store) { return appended(store, 1, 50) && appended(store, 51, 60); }));
  const auto store = open(directory);
  REQUIRE(store);
  CHECK(scan(**store, 0, Offset::kMax) == records_between(1, 60));
}

TEST_CASE("a write-ahead log damaged in the middle is not taken for a shorter log, nor touched") {
  const TemporaryDirectory directory;
  REQUIRE(in_dying_process(directory, [](LogStore& store) {
    for (std::uint64_t offset = 1; offset <= 100; ++offset) {
      if (!appended(store, offset, offset)) return false;
    }
    return true;
  }));
  const auto log = directory.path() / "tidemark.sqlite3-wal";
  auto bytes = content(log);
  REQUIRE_FALSE(bytes.empty());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(log, std::ios::binary) << bytes;

  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto refused = open(directory);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::corrupt);
    CHECK(refused.error().context.find("but 100 was acknowledged") != std::string::npos);
    CHECK(content(log) == bytes);
  }
}

TEST_CASE("names that a failed append would have brought are not believed in afterwards") {
  const TemporaryDirectory directory;
  auto store = open(directory);
  REQUIRE(store);
  // The same channel twice in one segment cannot be stored; by then the record and its channel's name were inserted.
  auto impossible = segment_with(0, "/new", {1});
  impossible.channels.push_back(impossible.channels.front());
  const auto refused = (*store)->append(views({record_at(1, "/new")}), std::vector{impossible});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid_argument);
  CHECK(scan(**store, 0, 10).empty());

  const std::vector records{record_at(1, "/other"), record_at(2, "/new")};
  append(**store, records);
  CHECK(scan(**store, 0, 10) == records);
  (*store)->close();
  store = open(directory);
  REQUIRE(store);
  CHECK(scan(**store, 0, 10) == records);
  CHECK((*store)->verify());
}

TEST_CASE("after a write failed the store is not written again, and what was acknowledged is there") {
  const TemporaryDirectory directory;
  CHECK(in_dying_process(directory, [](LogStore& store) {
    if (!appended(store, 1, 10)) return false;
    // No file may grow beyond this: the next pages of the write-ahead log cannot be written.
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{64 * 1024, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
    const auto failed = store.append(views(records_between(11, 5000)), {});
    if (failed || failed.error().code != ErrorCode::io) return false;
    // Even now that there would be room.
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_FSIZE, &none) != 0) return false;
    const auto again = store.append(views(records_between(11, 11)), {});
    return !again && again.error().code == ErrorCode::io && store.state().head == Offset(10);
  }));
  const auto store = open(directory);
  REQUIRE(store);
  CHECK(scan(**store, 0, Offset::kMax) == records_between(1, 10));
  append(**store, {record_at(11)});
}

}  // namespace tidemark::contract
