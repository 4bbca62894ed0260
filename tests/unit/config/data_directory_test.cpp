#include "src/config/data_directory.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/unit/config/temporary_directory.h"

namespace tidemark {
namespace {

DataDirectory opened(const std::filesystem::path& path) {
  auto data = DataDirectory::open(path);
  REQUIRE_MESSAGE(data.has_value(), data.error().context);
  return std::move(*data);
}

Error refused(const std::filesystem::path& path) {
  auto data = DataDirectory::open(path);
  REQUIRE_MESSAGE(!data.has_value(), "was opened");
  return data.error();
}

unsigned mode(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("a missing directory is made, with its parents, for its owner only") {
  const TemporaryDirectory temporary;
  const auto path = temporary.path() / "var" / "tidemark";
  const auto data = opened(path);
  CHECK(data.path() == path);
  CHECK(mode(path) == 0700);
  CHECK(mode(path / "secret.key") == 0600);
  CHECK(mode(path / "lock") == 0600);
}

TEST_CASE("a directory may be named with a slash at its end") {
  const TemporaryDirectory temporary;
  const auto data = opened(temporary.path() / "data" / "");
  CHECK(data.path() == temporary.path() / "data");
}

TEST_CASE("a second server is told who uses the directory") {
  const TemporaryDirectory temporary;
  auto first = opened(temporary.path());
  const auto before = refused(temporary.path());
  CHECK(before.code == ErrorCode::locked);
  CHECK(contains(before.context, "in use by process " + std::to_string(::getpid()) + ", a server that is starting"));

  REQUIRE(first.announce("http://localhost:3000"));
  const auto after = refused(temporary.path());
  CHECK(after.context == "data directory " + temporary.path().string() + " is in use by process " +
                             std::to_string(::getpid()) +
                             " at http://localhost:3000; stop it or choose another --data");
}

TEST_CASE("a shorter address leaves nothing of a longer one behind") {
  const TemporaryDirectory temporary;
  auto data = opened(temporary.path());
  REQUIRE(data.announce("http://a-rather-long-name.example.org:3000"));
  REQUIRE(data.announce("http://a:1"));
  CHECK(contents(temporary.path() / "lock") == "process " + std::to_string(::getpid()) + " at http://a:1\n");
}

TEST_CASE("the directory is free again once the server is gone, whatever its lock file still says") {
  const TemporaryDirectory temporary;
  {
    auto first = opened(temporary.path());
    REQUIRE(first.announce("http://localhost:3000"));
  }
  const auto second = opened(temporary.path());
  CHECK_FALSE(contains(contents(temporary.path() / "lock"), "http://"));
}

TEST_CASE("a copy that was made without its lock file is locked by who looks all the same") {
  const TemporaryDirectory temporary;
  std::optional<DataDirectory> looking(*DataDirectory::look(temporary.path()));
  CHECK(refused(temporary.path()).code == ErrorCode::locked);
  CHECK(DataDirectory::look(temporary.path()));
  CHECK_FALSE(std::filesystem::exists(temporary.path() / "lock"));
  looking.reset();
  const auto served = opened(temporary.path());
  std::filesystem::remove(temporary.path() / "lock");
  CHECK(DataDirectory::look(temporary.path()).error().code == ErrorCode::locked);
}

TEST_CASE("moving the directory moves its lock") {
  const TemporaryDirectory temporary;
  auto first = opened(temporary.path());
  {
    const DataDirectory second(std::move(first));
    CHECK(refused(temporary.path()).code == ErrorCode::locked);
  }
  CHECK(DataDirectory::open(temporary.path()).has_value());
}

TEST_CASE("the secret stays the same from one start to the next, and differs between directories") {
  const TemporaryDirectory temporary;
  const TemporaryDirectory other;
  const auto first = opened(temporary.path()).secret();
  CHECK(opened(temporary.path()).secret() == first);
  CHECK(opened(other.path()).secret() != first);
  CHECK(std::ranges::any_of(first, [](std::byte b) { return b != std::byte{0}; }));
  CHECK_FALSE(std::filesystem::exists(temporary.path() / "secret.key.new"));
}

TEST_CASE("a secret left half-written by a crash is made anew") {
  const TemporaryDirectory temporary;
  const auto unfinished = temporary.file("secret.key.new", "half");
  const auto data = opened(temporary.path());
  CHECK(std::filesystem::file_size(temporary.path() / "secret.key") == 32);
  CHECK_FALSE(std::filesystem::exists(unfinished));
}

TEST_CASE("a secret that others may read is refused with the command that mends it") {
  const TemporaryDirectory temporary;
  { const auto data = opened(temporary.path()); }
  const auto key = temporary.path() / "secret.key";
  REQUIRE(::chmod(key.c_str(), 0640) == 0);
  const auto error = refused(temporary.path());
  CHECK(error.code == ErrorCode::foreign);
  CHECK(contains(error.context, "has mode 0640"));
  CHECK(contains(error.context, "chmod 600 " + key.string()));
}

TEST_CASE("a secret of the wrong size is refused and left alone") {
  const TemporaryDirectory temporary;
  for (const auto& text : {std::string(), std::string(31, 'k'), std::string(33, 'k')}) {
    CAPTURE(text.size());
    const auto key = temporary.file("secret.key", text);
    REQUIRE(::chmod(key.c_str(), 0600) == 0);
    const auto error = refused(temporary.path());
    CHECK(error.code == ErrorCode::foreign);
    CHECK(contains(error.context, "not a key of 32 bytes"));
    CHECK(contents(key) == text);
  }
}

TEST_CASE("a refused directory is not left locked") {
  const TemporaryDirectory temporary;
  const auto key = temporary.file("secret.key", "short");
  REQUIRE(::chmod(key.c_str(), 0600) == 0);
  CHECK(refused(temporary.path()).code == ErrorCode::foreign);
  std::filesystem::remove(key);
  CHECK(DataDirectory::open(temporary.path()).has_value());
}

TEST_CASE("a file, or a path below a file, is no data directory") {
  const TemporaryDirectory temporary;
  const auto file = temporary.file("file", "text");
  CHECK(refused(file).code == ErrorCode::io);
  CHECK(contains(refused(file).context, file.string()));
  CHECK(refused(file / "data").code == ErrorCode::io);
  CHECK(contents(file) == "text");
}

TEST_CASE("a directory that cannot be written is refused with what to do") {
  // The kernel refuses to create files here for every user, root included.
  const auto error = refused("/proc/self/fd");
  CHECK(error.code == ErrorCode::io);
  CHECK(contains(error.context, "cannot write to data directory /proc/self/fd"));
  CHECK(contains(error.context, "choose another --data"));
}

TEST_CASE("an empty directory suits every engine") {
  const TemporaryDirectory temporary;
  const auto data = opened(temporary.path());
  CHECK(data.engines().empty());
  CHECK(data.check_engine("sqlite"));
  CHECK(data.check_engine("rocksdb"));
}

TEST_CASE("a log of another engine is not hidden behind an empty new one") {
  const TemporaryDirectory temporary;
  const auto data = opened(temporary.path());
  const auto database = temporary.file("tidemark.sqlite3", "");
  CHECK(data.engines() == std::vector<std::string_view>{"sqlite"});
  CHECK(data.check_engine("sqlite"));
  const auto error = data.check_engine("rocksdb");
  REQUIRE_FALSE(error);
  CHECK(error.error().code == ErrorCode::foreign);
  CHECK(contains(error.error().context, "start with --backend sqlite"));

  std::filesystem::remove(database);
  std::filesystem::create_directory(temporary.path() / "rocksdb");
  CHECK(data.engines() == std::vector<std::string_view>{"rocksdb"});
  CHECK_FALSE(data.check_engine("sqlite"));
}

TEST_CASE("where two engines' files are side by side, the advice is the same whichever is asked for") {
  const TemporaryDirectory temporary;
  const auto data = opened(temporary.path());
  static_cast<void>(temporary.file("tidemark.sqlite3", ""));
  std::filesystem::create_directory(temporary.path() / "rocksdb");
  for (const auto* const backend : {"sqlite", "rocksdb"}) {
    const auto checked = data.check_engine(backend);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::foreign);
    INFO(checked.error().context);
    CHECK(contains(checked.error().context, "logs of two engines, tidemark.sqlite3 and rocksdb"));
    CHECK(contains(checked.error().context, "move the other one away"));
    CHECK_FALSE(contains(checked.error().context, "start with --backend"));
  }
}

}  // namespace tidemark
