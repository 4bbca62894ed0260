// What the SQLite engine does with files that are damaged, foreign, newer or out of reach.
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "src/base/attachments.h"
#include "tests/contract/damaged_log.h"
#include "tests/contract/said_to_nobody.h"

namespace tidemark::contract {
namespace {

class Directory : public TemporaryDirectory {
 public:
  [[nodiscard]] std::filesystem::path file() const { return path() / "tidemark.sqlite3"; }

  [[nodiscard]] Result<std::unique_ptr<LogStore>> open() const {
    return open_store("sqlite", {.directory = path(), .epoch_if_new = kEpoch});
  }
  /// Opens, appends and closes.
  void fill(const std::vector<Record>& records) const {
    auto store = open();
    REQUIRE(store);
    append(**store, records);
    (*store)->close();
  }
  void write(std::string_view bytes) const { std::ofstream(file(), std::ios::binary) << bytes; }
  [[nodiscard]] std::string content() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// Runs SQL on the file, past the store; the last value it answers.
  [[nodiscard]] std::string sql(const std::string& text) const {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(file().c_str(), &database) == SQLITE_OK);
    std::string answer;
    const auto keep_last = [](void* out, int columns, char** values, char**) {
      auto& line = *static_cast<std::string*>(out);
      line.clear();
      for (int i = 0; i < columns; ++i) line += fmt::format("{}{}", i > 0 ? "|" : "", values[i] ? values[i] : "NULL");
      return 0;
    };
    REQUIRE(sqlite3_exec(database, text.c_str(), keep_last, &answer, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_close(database) == SQLITE_OK);
    return answer;
  }
};

void check_refused(const Directory& directory, ErrorCode code, std::string_view word) {
  const auto before = directory.content();
  const auto refused = directory.open();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == code);
  INFO(refused.error().context);
  CHECK(refused.error().context.find(word) != std::string::npos);
  CHECK(refused.error().context.find(directory.path().string()) != std::string::npos);
  CHECK(directory.content() == before);
}

}  // namespace

TEST_CASE("one flipped byte in a record is found, named, and nothing of the record is delivered") {
  const Directory directory;
  auto records = records_between(1, 20);
  records[12].payload = R"("find me here")";  // offset 13
  directory.fill(records);
  auto bytes = directory.content();
  const auto place = bytes.find("find me");
  REQUIRE(place != std::string::npos);
  bytes[place] = 'F';
  directory.write(bytes);

  const auto store = directory.open();
  REQUIRE(store);
  std::vector<std::uint64_t> seen;
  const auto collect = [&](const RecordView& record) {
    seen.push_back(record.offset.value());
    return true;
  };
  const Offset damaged(13);
  for (const auto& result : {(*store)->scan(Offset(1), Offset(20), Direction::forward, kAll, collect),
                             (*store)->read({&damaged, 1}, collect)}) {
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::corrupt);
    CHECK(result.error().context.find("offset 13 ") != std::string::npos);
    CHECK(result.error().record == damaged);
  }
  CHECK(seen.size() == 12);
  CHECK(seen.back() == 12);
  CHECK(verified(**store, directory.path()).mentions("offset 13: "));
  CHECK(scan(**store, 14, 20).size() == 7);
}

TEST_CASE("a record whose channel was renamed behind our back is corrupt") {
  const Directory directory;
  directory.fill(records_between(1, 2));
  static_cast<void>(directory.sql("UPDATE channels SET name='/other'"));
  const auto store = directory.open();
  REQUIRE(store);
  const auto found = verified(**store, directory.path());
  INFO(found.text());
  CHECK(found.mentions("offsets 1 to 2: the record in "));
}

TEST_CASE("a file that is no database is left alone") {
  const Directory directory;
  SUBCASE("short") { directory.write("hello"); }
  SUBCASE("long") { directory.write(std::string(10'000, 'x')); }
  check_refused(directory, ErrorCode::foreign, "not an SQLite database");
}

TEST_CASE("the database of another application is left alone") {
  const Directory directory;
  SUBCASE("with its own mark") {
    static_cast<void>(directory.sql("PRAGMA application_id=42; CREATE TABLE t(x); INSERT INTO t VALUES(1)"));
  }
  SUBCASE("without a mark") { static_cast<void>(directory.sql("CREATE TABLE t(x); INSERT INTO t VALUES(1)")); }
  SUBCASE("of a single page") { static_cast<void>(directory.sql("CREATE VIEW v AS SELECT 1")); }
  check_refused(directory, ErrorCode::foreign, "another application");
}

TEST_CASE("a damaged header beside a head floor is damage, and its mark is mended by a repair") {
  constexpr std::size_t kMagic = 3;
  constexpr std::size_t kApplicationId = 68;
  for (const auto place : {kMagic, kApplicationId}) {
    CAPTURE(place);
    const Directory directory;
    directory.fill(records_between(1, 3));
    auto bytes = directory.content();
    bytes[place] ^= 1;
    directory.write(bytes);
    // What is in the write-ahead log would hide it.
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(directory.file().string() + suffix);
    check_refused(directory, ErrorCode::corrupt, "header of");
    const auto found = verified("sqlite", directory.path());
    if (place == kMagic) {  // SQLite itself does not open it
      REQUIRE_FALSE(found);
      CHECK(found.error().code == ErrorCode::corrupt);
      continue;
    }
    REQUIRE(found);
    INFO(found->text());
    CHECK(found->mentions("header of"));
    const TemporaryDirectory repaired;
    const auto saved = salvaged("sqlite", directory.path(), repaired.path(), Epoch(7));
    REQUIRE(saved);
    CHECK(saved->records == 3);
    CHECK(open_store("sqlite", {.directory = repaired.path(), .epoch_if_new = kEpoch}));
  }
}

TEST_CASE("a log of a newer format is left alone") {
  const Directory directory;
  directory.fill(records_between(1, 3));
  static_cast<void>(directory.sql("PRAGMA user_version=2"));
  check_refused(directory, ErrorCode::foreign, "newer Tidemark");
}

TEST_CASE("a database whose header gives its pages another shape is refused before anything is written by it") {
  const Directory directory;
  directory.fill(records_between(1, 3));
  const auto pristine = directory.content();
  for (const std::size_t place : {16, 17, 20, 21, 22, 23}) {
    CAPTURE(place);
    auto bytes = pristine;
    bytes[place] = static_cast<char>(bytes[place] ^ 1);
    directory.write(bytes);
    const auto refused = directory.open();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::corrupt);
    CHECK(directory.content() == bytes);
    const bool repairable = verified("sqlite", directory.path()).has_value();
    CHECK((refused.error().context.find("'tidemark repair'") != std::string::npos) == repairable);
  }
}

TEST_CASE("a truncated database is corrupt, not empty") {
  const Directory directory;
  directory.fill(records_between(1, 3000));
  directory.write(directory.content().substr(0, 3 * 4096));
  const auto refused = directory.open();
  if (refused) {
    CHECK_FALSE(verified(**refused, directory.path()).verdict.clean());
  } else {
    CHECK(refused.error().code == ErrorCode::corrupt);
  }
}

TEST_CASE("a database whose end is missing is refused, and a repair saves what is there, as the refusal says") {
  const Directory directory;
  directory.fill(records_between(1, 3000));
  const auto whole = directory.content();
  std::size_t cut = 0;
  SUBCASE("a page") { cut = 4096; }
  SUBCASE("several") { cut = 5 * 4096; }
  directory.write(std::string_view(whole).substr(0, whole.size() - cut));
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(directory.file().string() + suffix);
  check_refused(directory, ErrorCode::corrupt, "'tidemark repair'");
  const auto before = contents(directory.path());
  const auto found = verified("sqlite", directory.path());
  REQUIRE(found);
  INFO(found->text());
  CHECK(found->mentions("its end is missing: "));
  const TemporaryDirectory repaired;
  const auto saved = salvaged("sqlite", directory.path(), repaired.path(), Epoch(7));
  REQUIRE(saved);
  CHECK(contents(directory.path()) == before);
  CHECK(saved->lost == found->verdict.lost);
  CHECK(saved->records > 2000);
  CHECK(saved->records + saved->lost.size() == 3000);
  const auto sound = verified("sqlite", repaired.path());
  REQUIRE(sound);
  CHECK(sound->verdict.clean());
}

TEST_CASE("no repair is advised where none can open the database") {
  const Directory directory;
  directory.fill(records_between(1, 3000));
  auto bytes = directory.content();
  SUBCASE("its first page is gone") { bytes.replace(0, 4096, 4096, '\0'); }
  SUBCASE("its first page has nothing but the header") { bytes.replace(100, 3996, 3996, '\0'); }
  directory.write(bytes);
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(directory.file().string() + suffix);
  REQUIRE_FALSE(verified("sqlite", directory.path()));
  const auto refused = directory.open();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::corrupt);
  INFO(refused.error().context);
  CHECK(refused.error().context.find("tidemark repair") == std::string::npos);
  CHECK(refused.error().context.find("restore the log from a copy") != std::string::npos);
}

TEST_CASE("an interrupted creation is completed") {
  const Directory directory;
  SUBCASE("an empty file") { directory.write(""); }
  SUBCASE("a database without a table") { static_cast<void>(directory.sql("PRAGMA journal_mode=WAL")); }
  const auto store = directory.open();
  REQUIRE(store);
  append(**store, records_between(1, 3));
  CHECK(scan(**store, 1, 3).size() == 3);
}

TEST_CASE("an interrupted trim counts, and the next one finishes it") {
  const Directory directory;
  directory.fill(records_between(1, 10));
  static_cast<void>(directory.sql("UPDATE meta SET value=5 WHERE name='trimmed_before'"));
  {
    const auto store = directory.open();
    REQUIRE(store);
    CHECK((*store)->state().first == Offset(5));
    CHECK(scan(**store, 0, 10) == records_between(5, 10));
    CHECK(scan(**store, 0, 10, Direction::backward).size() == 6);
    CHECK(read(**store, {4, 5}) == std::vector{record_at(5)});
    CHECK((*store)->trim(Offset(2), {}));
  }
  CHECK(directory.sql("SELECT min(offset) FROM records") == "5");
}

TEST_CASE("without permission the sentence says what cannot be done") {
  const Directory directory;
  REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
  SUBCASE("to create the log in the directory") {
    if (::geteuid() != 0) REQUIRE(::chmod(directory.path().c_str(), 0555) == 0);
    CHECK(said_to_nobody([&] {
            return directory.open();
          }).starts_with("io: cannot create a log in " + directory.path().string()));
    CHECK_FALSE(std::filesystem::exists(directory.file()));
  }
  SUBCASE("to write the file") {
    directory.fill(records_between(1, 3));
    REQUIRE(::chmod(directory.file().c_str(), 0444) == 0);
    CHECK(
        said_to_nobody([&] { return directory.open(); }).starts_with("io: cannot write " + directory.file().string()));
  }
  SUBCASE("to read the file") {
    directory.fill(records_between(1, 3));
    REQUIRE(::chmod(directory.file().c_str(), 0000) == 0);
    CHECK(said_to_nobody([&] { return directory.open(); }).starts_with("io: cannot read " + directory.file().string()));
  }
  REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
}

TEST_CASE("people can read the log with the sqlite3 shell") {
  const Directory directory;
  auto record = record_at(1, "/chat/general");
  record.time = {1'700'000'000'123};
  record.payload = R"("hello")";
  record.client_key = "k1";
  append_attachment(record.attachments, "12345");
  append_attachment(record.attachments, "67");
  auto plain = record_at(4);
  directory.fill({record, plain});
  CHECK(directory.sql("SELECT * FROM messages WHERE offset=1") ==
        R"(1|2023-11-14T22:13:20.123Z|/chat/general|chat message|sender-1|k1|"hello"|2|7)");
  CHECK(directory.sql("SELECT client_key,attachments,attachment_bytes FROM messages WHERE offset=4") == "NULL|0|0");
}

TEST_CASE("what durability rests on is set in the file") {
  const Directory directory;
  directory.fill(records_between(1, 3));
  CHECK(directory.sql("PRAGMA journal_mode") == "wal");
  CHECK(directory.sql("PRAGMA page_size") == "4096");
  CHECK(directory.sql("PRAGMA integrity_check") == "ok");
}

}  // namespace tidemark::contract
