// What the RocksDB engine does with directories that are foreign, newer, unfinished or out of reach, and what it rests on.
#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

#include "backends/rocksdb/database.h"
#include "backends/rocksdb/keys.h"
#include "backends/rocksdb/status.h"
#include "tests/contract/damaged_log.h"
#include "tests/contract/rocksdb_directory.h"
#include "tests/contract/said_to_nobody.h"

namespace tidemark::contract {
namespace {

void check_refused(const RocksdbDirectory& directory, ErrorCode code, std::string_view word) {
  const auto before = directory.contents();
  const auto refused = directory.open();
  REQUIRE_FALSE(refused);
  INFO(refused.error().context);
  CHECK(refused.error().code == code);
  CHECK(refused.error().context.find(word) != std::string::npos);
  CHECK(refused.error().context.find(directory.path().string()) != std::string::npos);
  CHECK(directory.contents() == before);
}

}  // namespace

TEST_CASE("RocksDB: something else in the place of the database is left alone") {
  const RocksdbDirectory directory;
  SUBCASE("a file") {
    write_file(directory.database(), "hello");
    check_refused(directory, ErrorCode::foreign, "not a directory");
  }
  SUBCASE("a directory of somebody's files") {
    std::filesystem::create_directory(directory.database());
    write_file(directory.database() / "notes.txt", "hello");
    check_refused(directory, ErrorCode::foreign, "not a Tidemark log");
  }
  SUBCASE("another application's database") {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    REQUIRE(rocksdb::DB::Open(options, directory.database().string(), &db).ok());
    REQUIRE(db->Put({}, "their", "data").ok());
    delete db;
    check_refused(directory, ErrorCode::foreign, "another application");
  }
  SUBCASE("a mark that is none") {
    directory.fill(records_between(1, 3));
    std::filesystem::remove(directory.path() / HeadFloor::kFileName);
    write_file(directory.mark(), "hello");
    check_refused(directory, ErrorCode::foreign, "not the mark of a Tidemark log");
  }
}

TEST_CASE("RocksDB: a damaged mark beside a head floor is damage, and mended by a repair") {
  const RocksdbDirectory directory;
  directory.fill(records_between(1, 3));
  auto bytes = contents(directory.path())["rocksdb/TIDEMARK"];
  bytes[3] ^= 1;
  write_file(directory.mark(), bytes);
  check_refused(directory, ErrorCode::corrupt, "TIDEMARK is damaged");
  const auto found = verified("rocksdb", directory.path());
  REQUIRE(found);
  INFO(found->text());
  CHECK(found->mentions("TIDEMARK is damaged"));
  CHECK(found->verdict.records == 3);
  const TemporaryDirectory repaired;
  const auto saved = salvaged("rocksdb", directory.path(), repaired.path(), Epoch(7));
  REQUIRE(saved);
  CHECK(saved->records == 3);
  CHECK(open_store("rocksdb", {.directory = repaired.path(), .epoch_if_new = kEpoch}));
}

TEST_CASE("RocksDB: a log of a newer format is left alone") {
  const RocksdbDirectory directory;
  directory.fill(records_between(1, 3));
  write_file(directory.mark(), "Tidemark log, RocksDB engine, format 2\n");
  check_refused(directory, ErrorCode::foreign, "newer Tidemark");
}

TEST_CASE("RocksDB: an interrupted creation is completed") {
  const RocksdbDirectory directory;
  const auto unfinished = directory.database() / "TIDEMARK.unfinished";
  SUBCASE("before anything was in the directory") { std::filesystem::create_directory(directory.database()); }
  SUBCASE("while the mark was written") {
    std::filesystem::create_directory(directory.database());
    write_file(unfinished, "Tidem");
  }
  SUBCASE("while the database was created") {
    directory.fill({});
    std::filesystem::rename(directory.mark(), unfinished);
    std::filesystem::remove(directory.database() / "CURRENT");
  }
  SUBCASE("right before the end") {
    directory.fill({});
    std::filesystem::rename(directory.mark(), unfinished);
  }
  {
    const auto store = directory.open({.epoch_if_new = Epoch(5)});
    REQUIRE(store);
    CHECK((*store)->state().epoch == Epoch(5));
    append(**store, records_between(1, 3));
  }
  CHECK_FALSE(std::filesystem::exists(unfinished));
  const auto store = directory.open();
  REQUIRE(store);
  CHECK((*store)->state().epoch == Epoch(5));
  CHECK(scan(**store, 1, 3).size() == 3);
}

TEST_CASE("RocksDB: a creation that fails leaves the directory as it was") {
  const RocksdbDirectory directory;
  // RocksDB cannot create its lock file where a directory of that name is; begin_creation would clear it, so it comes
  // from an environment that cannot create files.
  class NoFiles : public rocksdb::EnvWrapper {
   public:
    NoFiles() : rocksdb::EnvWrapper(rocksdb::Env::Default()) {}
    const char* Name() const override { return "no files"; }
    rocksdb::Status NewWritableFile(const std::string&, std::unique_ptr<rocksdb::WritableFile>*,
                                    const rocksdb::EnvOptions&) override {
      return rocksdb::Status::IOError("refused by the test");
    }
  } env;
  SUBCASE("absent") {}
  SUBCASE("empty") { std::filesystem::create_directory(directory.database()); }
  const bool existed = std::filesystem::exists(directory.database());
  const auto refused = directory.open({.epoch_if_new = kEpoch}, &env);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::io);
  CHECK(std::filesystem::exists(directory.database()) == existed);
  CHECK(directory.contents().empty());
  const auto store = directory.open();
  REQUIRE(store);
}

TEST_CASE("RocksDB: without permission the sentence says what cannot be done") {
  const RocksdbDirectory directory;
  REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
  SUBCASE("to create the log in the directory") {
    if (::geteuid() != 0) REQUIRE(::chmod(directory.path().c_str(), 0555) == 0);
    CHECK(said_to_nobody([&] {
            return directory.open();
          }).starts_with("io: cannot create a log in " + directory.path().string()));
    CHECK_FALSE(std::filesystem::exists(directory.database()));
  }
  SUBCASE("to write in it") {
    directory.fill(records_between(1, 3));
    REQUIRE(::chmod(directory.database().c_str(), 0555) == 0);
    const auto before = directory.contents();
    CHECK(said_to_nobody([&] {
            return directory.open();
          }).starts_with("io: cannot write in " + directory.database().string()));
    CHECK(directory.contents() == before);
  }
  SUBCASE("to read the mark") {
    directory.fill(records_between(1, 3));
    REQUIRE(::chmod(directory.mark().c_str(), 0000) == 0);
    CHECK(said_to_nobody([&] { return directory.open(); }).starts_with("io: cannot read " + directory.mark().string()));
  }
  REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
}

TEST_CASE("RocksDB: a full disk is told from a flush that failed, whatever the directory is called") {
  for (const auto* const directory : {"/srv/data/rocksdb", "/srv/syncthing/rocksdb"}) {
    const auto file = fmt::format("{}/000016.log", directory);
    const auto full =
        rocks::failure(rocksdb::Status::NoSpace("While appending to file: " + file, "full"), "append to", directory);
    CHECK(full.error().code == ErrorCode::out_of_space);
    const auto flush =
        rocks::failure(rocksdb::Status::NoSpace("While fdatasync: " + file, "full"), "append to", directory);
    CHECK(flush.error().code == ErrorCode::io);
  }
}

TEST_CASE("RocksDB: space comes back after a trim") {
  const RocksdbDirectory directory;
  constexpr std::uint64_t kRecords = 960;
  const auto store = directory.open();
  REQUIRE(store);
  Record record;
  std::uint64_t random = 88172645463325252;
  for (std::uint64_t offset = 1; offset <= kRecords; offset += 16) {
    std::vector<Record> batch;
    for (auto at = offset; at < offset + 16; ++at) {
      batch.push_back(record_at(at));
      auto& payload = batch.back().payload;
      payload.resize(200'000);
      for (std::size_t i = 0; i + sizeof random <= payload.size(); i += sizeof random) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        std::memcpy(payload.data() + i, &random, sizeof random);
      }
    }
    append(**store, batch);
  }
  const auto full = (*store)->stats();
  CHECK(full.bytes_in_use > 180'000'000);
  REQUIRE((*store)->trim(Offset(kRecords - 16), {}));
  CHECK((*store)->stats().bytes_in_use < 17 * 200'000 + rocks::kRecordBufferBytes);  // whole files go, a cut one stays
  // What is not in files of its own yet stays: what has not been flushed, and the file that was cut. Files are removed
  // once no flush runs, and a trim drops those that a flush has finished since the last one.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while ((*store)->stats().bytes_on_disk > full.bytes_on_disk / 2) {
    REQUIRE(std::chrono::steady_clock::now() < patience);
    REQUIRE((*store)->trim(Offset(kRecords - 16), {}));
  }
  CHECK(scan(**store, 0, kRecords).size() == 17);
}

TEST_CASE("RocksDB: what the options rest on holds in this version") {
  const RocksdbDirectory directory;
  directory.fill(records_between(1, 3));
  SUBCASE("no option is changed by RocksDB behind our back") {
    const auto opened =
        rocks::Database::open(directory.database(), rocks::Recovery::strict, nullptr, rocks::kRecordBufferBytes);
    REQUIRE(opened);
    const auto used = (*opened)->db().GetDBOptions();
    CHECK(used.wal_recovery_mode == rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords);
    CHECK(used.atomic_flush);
    CHECK(used.paranoid_checks);
    CHECK(used.max_open_files == rocks::kOpenFiles);
    CHECK(used.max_total_wal_size == rocks::kWriteAheadBytes);
    const auto records = (*opened)->db().GetOptions((*opened)->records());
    CHECK(records.compression == rocksdb::kLZ4Compression);
    CHECK(records.write_buffer_size == rocks::kRecordBufferBytes);
    CHECK(records.ttl == 0);
    CHECK(records.periodic_compaction_seconds == 0);
    CHECK(records.level0_file_num_compaction_trigger == 1);
  }
  SUBCASE("recycled log files do not go with the recovery mode that refuses damage") {
    const TemporaryDirectory other;
    auto options = rocksdb::Options(rocks::database_options(rocks::Recovery::strict), {});
    options.create_if_missing = true;
    options.recycle_log_file_num = 4;
    rocksdb::DB* db = nullptr;
    REQUIRE(rocksdb::DB::Open(options, other.path().string(), &db).ok());
    CHECK(db->GetDBOptions().recycle_log_file_num == 0);
    delete db;
  }
}

}  // namespace tidemark::contract
