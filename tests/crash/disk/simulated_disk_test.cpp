// The simulated disk itself: what it may lose and what it must keep.
#include "tests/crash/disk/simulated_disk.h"

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <utility>

namespace tidemark::crash {
namespace {

/// A disk with one empty directory that is told of changes.
class DiskUnderTest {
 public:
  void apply(Change change) {
    change.position = position_++;
    disk_.apply(std::make_shared<const Change>(std::move(change)));
  }
  void create(FileId file, std::string path) {
    apply({.kind = Change::Kind::create, .file = file, .path = std::move(path)});
  }
  void write(FileId file, std::uint64_t offset, std::string bytes) {
    apply({.kind = Change::Kind::write, .file = file, .offset = offset, .bytes = std::move(bytes)});
  }
  void sync(FileId file) { apply({.kind = Change::Kind::sync, .file = file}); }
  void fail_sync(FileId file) { apply({.kind = Change::Kind::sync_failed, .file = file}); }
  void sync_directory() { apply({.kind = Change::Kind::sync_directory}); }
  /// A file "f" with this content, all of it durable.
  void begin_with(std::string bytes) {
    create(1, "f");
    write(1, 0, std::move(bytes));
    sync(1);
    sync_directory();
  }

  /// Everything that "f" may hold after a cut; "-" if it is not there.
  [[nodiscard]] std::set<std::string> outcomes(std::string path = "f") const {
    std::set<std::string> found;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      for (int survival = 0; survival < kSurvivals; ++survival) {
        Dice dice(seed);
        const auto image = disk_.survive(dice, static_cast<Survival>(survival));
        const auto file = image.files.find(path);
        found.insert(file == image.files.end() ? "-" : file->second);
      }
    }
    return found;
  }
  [[nodiscard]] std::string now(std::string path = "f") const { return disk_.current().files.at(path); }
  [[nodiscard]] SimulatedDisk& disk() { return disk_; }

 private:
  SimulatedDisk disk_;
  std::uint64_t position_ = 0;
};

using Outcomes = std::set<std::string>;

}  // namespace

TEST_CASE("what was flushed, name and content, is there whatever happens") {
  DiskUnderTest disk;
  disk.begin_with("content");
  CHECK(disk.outcomes() == Outcomes{"content"});
  CHECK_FALSE(disk.disk().has_unflushed());
}

TEST_CASE("a write that was not flushed may be there or not, but not half of a sector") {
  DiskUnderTest disk;
  disk.begin_with("content");
  disk.write(1, 0, "CONT");
  CHECK(disk.outcomes() == Outcomes{"content", "CONTent"});
  CHECK(disk.now() == "CONTent");
}

TEST_CASE("a write over two sectors may be torn between them, either way") {
  const std::string old(1024, 'o');
  const std::string half(512, 'o');
  const std::string other(512, 'n');
  DiskUnderTest disk;
  disk.begin_with(old);
  disk.write(1, 0, std::string(1024, 'n'));
  CHECK(disk.outcomes() == Outcomes{old, half + other, other + half, other + other});
}

TEST_CASE("a later write of another sector may be there without the earlier one, but not of the same") {
  const std::string gap(512, '\0');
  DiskUnderTest disk;
  disk.begin_with("");
  disk.write(1, 0, "ab");
  disk.write(1, 2, "cd");
  CHECK(disk.outcomes() ==
        Outcomes{"", "ab", "abcd", std::string(2, '\0'), std::string(4, '\0'), "ab" + std::string(2, '\0')});
  disk.write(1, 512, "x");
  CHECK(disk.outcomes().contains(gap + "x"));
}

TEST_CASE("a file whose directory was not flushed may be missing, though it was flushed itself") {
  DiskUnderTest disk;
  disk.create(1, "f");
  disk.write(1, 0, "content");
  disk.sync(1);
  CHECK(disk.outcomes() == Outcomes{"-", "content"});
}

TEST_CASE("a rename is whole: the old file or the new one is there") {
  DiskUnderTest disk;
  disk.begin_with("old");
  disk.create(2, "new");
  disk.write(2, 0, "new");
  disk.sync(2);
  disk.apply({.kind = Change::Kind::move, .path = "new", .to = "f"});
  CHECK(disk.outcomes() == Outcomes{"old", "new"});
  CHECK(disk.now() == "new");
  disk.sync_directory();
  CHECK(disk.outcomes() == Outcomes{"new"});
  CHECK(disk.outcomes("new") == Outcomes{"-"});
}

TEST_CASE("what a failed flush concerned may be lost, though a later flush answered success") {
  DiskUnderTest disk;
  disk.begin_with("old");
  disk.write(1, 0, "new");
  disk.fail_sync(1);
  CHECK(disk.now() == "new");
  disk.sync(1);
  CHECK(disk.outcomes() == Outcomes{"old", "new"});
  SUBCASE("unless the sector was written again") {
    disk.write(1, 3, "er");
    disk.sync(1);
    CHECK(disk.outcomes() == Outcomes{"newer"});
  }
}

TEST_CASE("a disk that lies keeps its promise for one file only") {
  DiskUnderTest disk;
  disk.disk().lie_about_flushes("honest");
  disk.create(2, "honest");
  disk.begin_with("content");
  disk.write(2, 0, "content");
  disk.sync(2);
  CHECK(disk.outcomes().contains(""));
  CHECK(disk.outcomes("honest") == Outcomes{"content"});
}

TEST_CASE("shared memory is gone, or holds anything") {
  DiskUnderTest disk;
  disk.create(1, "log-shm");
  disk.write(1, 0, "content");
  disk.sync(1);
  disk.sync_directory();
  const auto outcomes = disk.outcomes("log-shm");
  CHECK(outcomes.contains("-"));
  CHECK_FALSE(outcomes.contains("content"));
}

}  // namespace tidemark::crash
