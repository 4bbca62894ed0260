// Putting a repaired log in place: whatever the moment of a crash, the next opening finds the old or the new log, whole.
#include "src/config/log_swap.h"

#include <doctest/doctest.h>

#include <fstream>
#include <vector>

#include "src/config/data_directory.h"
#include "tests/unit/config/temporary_directory.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, std::string_view text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

/// A data directory with an old log of several files, and a new one of others.
struct Data {
  TemporaryDirectory temporary;
  fs::path path = temporary.path();

  Data() {
    write(path / "secret.key", "secret");
    for (const auto* const name : {"tidemark.sqlite3", "tidemark.sqlite3-wal", "tidemark.head"})
      write(path / name, "old");
  }
  void write_new(const fs::path& where) const {
    for (const auto* const name : {"tidemark.sqlite3", "tidemark.head", "tidemark.holes"}) write(where / name, "new");
  }
  void check_new_in_place() const {
    CHECK(contents(path / "tidemark.sqlite3") == "new");
    CHECK(contents(path / "tidemark.head") == "new");
    CHECK(contents(path / "tidemark.holes") == "new");
    CHECK_FALSE(fs::exists(path / "tidemark.sqlite3-wal"));  // the old one would be taken for the new one's
    CHECK(contents(path / "secret.key") == "secret");
    CHECK_FALSE(swap_is_pending(path));
    std::vector<fs::path> kept;
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.path().filename().string().starts_with("damaged-")) kept.push_back(entry.path());
      CHECK_FALSE(entry.path().filename().string().starts_with("repair."));
    }
    REQUIRE(kept.size() == 1);
    for (const auto* const name : {"tidemark.sqlite3", "tidemark.sqlite3-wal", "tidemark.head"}) {
      CHECK(contents(kept.front() / name) == "old");
    }
  }
};

}  // namespace

TEST_CASE("the new log is in place and the old one kept beside it") {
  const Data data;
  const auto unfinished = begin_new_log(data.path);
  REQUIRE(unfinished);
  data.write_new(*unfinished);
  const auto kept = swap_logs(data.path);
  REQUIRE(kept);
  CHECK(kept->parent_path() == data.path);
  data.check_new_in_place();
}

TEST_CASE("a swap is finished from wherever it stopped") {
  const std::vector<std::string> old_files{"tidemark.sqlite3", "tidemark.sqlite3-wal", "tidemark.head"};
  const std::vector<std::string> new_files{"tidemark.sqlite3", "tidemark.head", "tidemark.holes"};
  // The steps in their order; the crash comes after so many of them.
  const std::size_t steps = 1 + old_files.size() + 1 + new_files.size() + 1;
  for (std::size_t done = 0; done <= steps; ++done) {
    CAPTURE(done);
    const Data data;
    data.write_new(data.path / "repair.ready");
    auto left = done;
    const auto step = [&](auto act) {
      if (left == 0) return;
      --left;
      act();
    };
    step([&] { fs::create_directory(data.path / "repair.old"); });
    for (const auto& name : old_files) step([&] { fs::rename(data.path / name, data.path / "repair.old" / name); });
    step([&] { fs::rename(data.path / "repair.ready", data.path / "repair.placing"); });
    for (const auto& name : new_files) step([&] { fs::rename(data.path / "repair.placing" / name, data.path / name); });
    step([&] { fs::remove(data.path / "repair.placing"); });
    CHECK(swap_is_pending(data.path));
    const auto looked = DataDirectory::look(data.path);
    REQUIRE_FALSE(looked);  // who only looks does not finish it
    CHECK(looked.error().context.find("interrupted") != std::string::npos);
    REQUIRE(DataDirectory::open_for_change(data.path));
    data.check_new_in_place();
  }
}

TEST_CASE("a new log that was not decided on is removed by the next opening, and the old one stays") {
  const Data data;
  data.write_new(begin_new_log(data.path).value());
  REQUIRE(DataDirectory::open_for_change(data.path));
  CHECK_FALSE(fs::exists(data.path / "repair.unfinished"));
  CHECK(contents(data.path / "tidemark.sqlite3") == "old");
  CHECK(contents(data.path / "tidemark.sqlite3-wal") == "old");
}

TEST_CASE("several may look at a directory at once, but not beside one who uses it") {
  const Data data;
  {
    const auto used = DataDirectory::open_for_change(data.path);
    REQUIRE(used);
    const auto refused = DataDirectory::look(data.path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::locked);
  }
  const auto first = DataDirectory::look(data.path);
  CHECK(first);
  CHECK(DataDirectory::look(data.path));
  const auto refused = DataDirectory::open_for_change(data.path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::locked);
}

TEST_CASE("looking creates nothing, and a directory without a log says so") {
  const TemporaryDirectory temporary;
  const auto data = DataDirectory::look(temporary.path());
  REQUIRE(data);
  CHECK(fs::is_empty(temporary.path()));
  const auto engine = data->engine_of_log("");
  REQUIRE_FALSE(engine);
  CHECK(engine.error().code == ErrorCode::not_found);
  write(temporary.path() / "tidemark.sqlite3", "");
  CHECK(data->engine_of_log("") == "sqlite");
  CHECK(data->engine_of_log("rocksdb").error().code == ErrorCode::foreign);
  write(temporary.path() / "rocksdb" / "CURRENT", "");
  CHECK(data->engine_of_log("").error().code == ErrorCode::invalid_argument);
  CHECK(data->engine_of_log("rocksdb") == "rocksdb");
  CHECK_FALSE(DataDirectory::look(temporary.path() / "missing"));
}

}  // namespace tidemark
