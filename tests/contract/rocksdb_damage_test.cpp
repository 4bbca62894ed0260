// What the RocksDB engine makes of damaged tables and of a damaged list of files.
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>
#include <stdexcept>

#include "backends/rocksdb/database.h"
#include "backends/rocksdb/keys.h"
#include "backends/rocksdb/manifest_note.h"
#include "tests/contract/damaged_log.h"
#include "tests/contract/rocksdb_directory.h"

namespace tidemark::contract {
namespace {

/// Records that do not compress, so that each block of a table holds few of them.
std::vector<Record> bulky_records(std::uint64_t first, std::uint64_t last) {
  auto records = records_between(first, last);
  std::uint64_t random = 88172645463325252;
  for (auto& record : records) {
    for (int i = 0; i < 1000; ++i) {
      random ^= random << 13;
      random ^= random >> 7;
      random ^= random << 17;
      record.payload.push_back(static_cast<char>('0' + random % 64));
    }
  }
  return records;
}

/// The offsets a forward scan delivers up to its end, and how it ended. Each record must be the one that was stored.
struct Delivered {
  std::vector<std::uint64_t> offsets;
  std::optional<Error> error;
};
Delivered scan_checked(const LogStore& store, const std::vector<Record>& stored, std::uint64_t from,
                       Direction direction) {
  Delivered result;
  const auto done = store.scan(Offset(from), Offset(Offset::kMax), direction, kAll, [&](const RecordView& record) {
    REQUIRE(record == stored.at(record.offset.value() - 1).view());
    result.offsets.push_back(record.offset.value());
    return true;
  });
  if (!done) result.error = done.error();
  return result;
}

}  // namespace

TEST_CASE("RocksDB: a damaged block delivers nothing wrong, its error names its records, and the others are served") {
  const RocksdbDirectory directory;
  const auto records = bulky_records(1, 400);
  directory.fill(records);
  directory.flush();
  const auto tables = directory.files(".sst");
  // The records' table is the largest one; its middle is a data block.
  const auto table =
      *std::ranges::max_element(tables, {}, [](const auto& path) { return std::filesystem::file_size(path); });
  auto bytes = content_of(table);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file(table, bytes);

  const auto store = directory.open();
  REQUIRE(store);
  const auto forward = scan_checked(**store, records, 1, Direction::forward);
  REQUIRE(forward.error);
  CHECK(forward.error->code == ErrorCode::corrupt);
  INFO(forward.error->context);
  const auto first = forward.offsets.back() + 1;
  const auto backward = scan_checked(**store, records, 1, Direction::backward);
  REQUIRE(backward.error);
  const auto last = backward.offsets.back() - 1;
  CHECK(last - first < 40);
  const auto named = fmt::format("the records at offsets {} to {} in ", first, last);
  CHECK(forward.error->context.find(named) != std::string::npos);
  CHECK(backward.error->context == forward.error->context);
  for (const auto offset : {first, (first + last) / 2, last}) {
    const Offset one(offset);
    const auto read_one =
        (*store)->read({&one, 1}, [](const RecordView&) -> bool { throw std::logic_error("delivered"); });
    REQUIRE_FALSE(read_one);
    CHECK(read_one.error().context == forward.error->context);
  }
  const auto structure = (*store)->verify();
  REQUIRE_FALSE(structure);
  CHECK(structure.error().code == ErrorCode::corrupt);
  const auto found = verified(**store, directory.path());
  INFO(found.text());
  CHECK(found.mentions(fmt::format("offsets {} to {}: ", first, last)));
  CHECK(found.verdict.lost.size() == last - first + 1);
  CHECK(scan(**store, last + 1, 400).size() == 400 - last);
  append(**store, {record_at(401)});
}

TEST_CASE("RocksDB: a record that is not what was stored is found although every block's checksum fits") {
  const RocksdbDirectory directory;
  directory.fill(records_between(1, 20));
  {
    auto opened =
        rocks::Database::open(directory.database(), rocks::Recovery::strict, nullptr, rocks::kRecordBufferBytes);
    REQUIRE(opened);
    auto& db = (*opened)->db();
    std::string value;
    REQUIRE(db.Get({}, (*opened)->records(), rocks::NumberKey(13).slice(), &value).ok());
    SUBCASE("another byte") { value.back() = 'x'; }
    SUBCASE("a length beyond the end") { value[12] = '\x7f'; }
    SUBCASE("cut") { value.resize(7); }
    SUBCASE("another record") { REQUIRE(db.Get({}, (*opened)->records(), rocks::NumberKey(14).slice(), &value).ok()); }
    REQUIRE(db.Put(rocks::durable_write(), (*opened)->records(), rocks::NumberKey(13).slice(), value).ok());
  }
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
  CHECK(verified(**store, directory.path()).mentions("offset 13: "));
  CHECK(scan(**store, 14, 20).size() == 7);
}

TEST_CASE("RocksDB: damage anywhere in a table is refused or an error, and never delivers anything wrong") {
  const RocksdbDirectory pristine;
  const auto records = records_between(1, 2000);
  {
    auto store = pristine.open();
    REQUIRE(store);
    append(**store, records, {segment_with(0, "/", {1, 2, 3})});
  }
  pristine.flush();
  std::uint64_t refused = 0;
  std::uint64_t noticed = 0;
  for (const auto& table : pristine.files(".sst")) {
    const auto bytes = content_of(table);
    const auto step = std::max<std::size_t>(bytes.size() / 60, 1);
    for (std::size_t place = 0; place < bytes.size(); place += step) {
      INFO(table.filename().string(), " of ", bytes.size(), " bytes at ", place);
      const RocksdbDirectory directory;
      pristine.copy_to(directory);
      auto damaged = bytes;
      damaged[place] = static_cast<char>(damaged[place] ^ 0x40);
      write_file(directory.database() / table.filename(), damaged);
      const auto store = directory.open();
      if (!store) {
        CHECK(store.error().code == ErrorCode::corrupt);
        ++refused;
        continue;
      }
      const auto delivered = scan_checked(**store, records, 1, Direction::forward);
      CHECK((delivered.error || delivered.offsets.size() == records.size()));
      if (!(*store)->verify()) ++noticed;
    }
  }
  CHECK(refused > 0);
  CHECK(noticed > 0);
}

TEST_CASE("RocksDB: no damage at the end of a table, where RocksDB reads before it checks, ends the process") {
  const RocksdbDirectory directory;
  const auto records = records_between(1, 20);
  directory.fill(records);
  directory.flush();
  const auto table = directory.files(".sst").back();
  const auto pristine = content_of(table);
  for (auto place = pristine.size() - std::min<std::size_t>(pristine.size(), 400); place < pristine.size(); ++place) {
    // The first bit is one of what is counted, the last of how the block is to be understood.
    for (const unsigned bit : {0U, 7U}) {
      INFO("bit ", bit, " of byte ", place);
      auto bytes = pristine;
      bytes[place] = static_cast<char>(bytes[place] ^ static_cast<char>(1U << bit));
      write_file(table, bytes);
      const auto store = open_store("rocksdb", {.directory = directory.path(), .read_only = true});
      if (const auto sound = store ? (*store)->verify() : std::unexpected(store.error()); !sound) {
        CHECK(sound.error().code == ErrorCode::corrupt);
        CHECK(sound.error().context.find(directory.path().string()) != std::string::npos);
      } else {
        CHECK(scan(**store, 1, 20) == records);
      }
    }
  }
}

TEST_CASE("RocksDB: what a power cut left of a MANIFEST record that was not flushed yet is in nobody's way") {
  const RocksdbDirectory directory;
  const auto records = records_between(1, 20);
  directory.fill(records);
  directory.flush();
  const auto manifest = directory.database() / content_of(directory.database() / "CURRENT").substr(0, 15);
  const auto note = directory.database() / "TIDEMARK.manifest";
  const auto pristine = content_of(manifest);
  // As the head of a record of 32 bytes of which only the first sector reached the disk.
  const auto torn = pristine + std::string("\x12\x34\x56\x78\x20\x00\x01", 7) + std::string(32, '\0');
  const auto refused = [&] {
    const auto store = directory.open();
    REQUIRE_FALSE(store);
    CHECK(store.error().code == ErrorCode::corrupt);
    return store.error().context;
  };
  SUBCASE("it is left out") {
    write_file(manifest, torn);
    CHECK(scan(**open_store("rocksdb", {.directory = directory.path(), .read_only = true}), 1, 20) == records);
    append(**directory.open(), {record_at(21)});
    CHECK(scan(**directory.open(), 1, 21).size() == 21);
  }
  SUBCASE("but not if nothing tells that it was not flushed") {
    write_file(manifest, torn);
    std::filesystem::remove(note);
    CHECK(refused().find("checksum") != std::string::npos);
  }
  SUBCASE("nor is one left out that was flushed, and damaged later, wherever the damage is") {
    for (std::size_t place = 0; place < pristine.size(); ++place) {
      auto bytes = pristine;
      bytes[place] = static_cast<char>(bytes[place] ^ (1 << (place % 8)));
      write_file(manifest, bytes);
      const auto opened = rocks::Database::open_read_only(directory.database(), rocks::Recovery::everything, nullptr);
      REQUIRE_FALSE(opened);
      CHECK(opened.error().context.find(manifest.string()) != std::string::npos);
    }
    CHECK(refused().find("it is not what was written") != std::string::npos);
  }
  SUBCASE("nor one that is missing") {
    write_file(manifest, pristine.substr(0, pristine.size() - 1));
    CHECK(refused().find("it is not what was written") != std::string::npos);
  }
  SUBCASE("the note of the one before outlives the beginning of a new one that did not get its name into CURRENT") {
    const auto current = content_of(directory.database() / "CURRENT");
    write_file(manifest, torn);
    for (int start = 0; start < 3; ++start) {
      REQUIRE(directory.open());
      write_file(directory.database() / "CURRENT", current);
      write_file(manifest, torn);
    }
    CHECK(scan(**directory.open(), 1, 20) == records);
  }
}

TEST_CASE("RocksDB: with its list of files gone the records are read from its tables and write-ahead logs") {
  const auto records = records_between(1, 40);
  const std::vector<Record> half(records.begin(), records.begin() + 20);
  const std::vector<Record> rest(records.begin() + 20, records.end());
  const auto in_logs = [&](const RocksdbDirectory& directory) { directory.fill(records); };
  const auto in_tables_and_logs = [&](const RocksdbDirectory& directory) {
    directory.fill(half);
    directory.flush();
    directory.fill(rest);
  };
  const auto in_both = [&](const RocksdbDirectory& directory) {  // as after a death between the two
    directory.fill(records);
    const auto log = directory.files(".log").back();
    const auto bytes = content_of(log);
    directory.flush();
    write_file(log, bytes);
  };
  const auto damaged = [](const std::filesystem::path& manifest) {
    auto bytes = content_of(manifest);
    bytes[100] = static_cast<char>(bytes[100] ^ 1);
    write_file(manifest, bytes);
  };
  const auto missing = [](const std::filesystem::path& manifest) { std::filesystem::remove(manifest); };
  const auto unreadable = [](const std::filesystem::path& manifest) {
    std::filesystem::remove(manifest);
    std::filesystem::create_directory(manifest);
  };
  const auto not_named = [](const std::filesystem::path& manifest) {
    write_file(manifest.parent_path() / "CURRENT", "");
  };
  const auto unknown = [](const std::filesystem::path& manifest) {
    std::filesystem::remove(manifest.parent_path() / "CURRENT");
  };
  int number = 0;
  for (const auto& fill :
       std::initializer_list<std::function<void(const RocksdbDirectory&)>>{in_logs, in_tables_and_logs, in_both}) {
    for (const auto& spoil : std::initializer_list<std::function<void(const std::filesystem::path&)>>{
             damaged, missing, unreadable, not_named, unknown}) {
      CAPTURE(number++);
      const RocksdbDirectory directory;
      fill(directory);
      spoil(directory.database() / content_of(directory.database() / "CURRENT").substr(0, 15));
      if (const auto refused = directory.open(); !refused) {
        INFO(refused.error().context);
        const bool unreadable_list = refused.error().code == ErrorCode::io;
        CHECK((unreadable_list || refused.error().context.find("'tidemark repair'") != std::string::npos));
      } else {
        FAIL("it was opened");
      }
      const auto before = directory.contents();
      {
        const auto store = open_store("rocksdb", {.directory = directory.path(), .read_only = true});
        if (!store) FAIL(store.error().context);
        CHECK(scan(**store, 1, 40) == records);
        CHECK((*store)->state().epoch == kEpoch);
        CHECK((*store)->state().head == Offset(40));
        CHECK_FALSE((*store)->verify());
      }
      CHECK(directory.contents() == before);
    }
  }
}

TEST_CASE("RocksDB: a flipped byte anywhere in a write-ahead log leaves what is before it to a repair") {
  const RocksdbDirectory directory;
  const auto records = bulky_records(1, 300);
  {
    const auto store = directory.open();
    REQUIRE(store);
    for (auto batch = records.begin(); batch != records.end(); batch += 100) {  // of several blocks each, in one log
      append(**store, {batch, batch + 100});
    }
  }
  const auto logs = directory.files(".log");
  const auto log =
      *std::ranges::max_element(logs, {}, [](const auto& path) { return std::filesystem::file_size(path); });
  const auto sound = content_of(log);
  constexpr std::size_t kStep = 3001;
  int refused = 0;
  for (std::size_t place = 0; place < sound.size(); place += kStep) {
    CAPTURE(place);
    auto bytes = sound;
    bytes[place] = static_cast<char>(bytes[place] ^ 1);
    write_file(log, bytes);
    const auto found = verified("rocksdb", directory.path());
    if (!found) FAIL(found.error().context);
    if (found->verdict.clean()) continue;
    ++refused;
    CHECK_FALSE(found->verdict.complete());
    const auto store = open_store("rocksdb", {.directory = directory.path(), .read_only = true});
    REQUIRE(store);
    for (const Record& record : scan(**store, 0, Offset::kMax)) CHECK(record == records[record.offset.value() - 1]);
  }
  CHECK(refused > 10);
}

TEST_CASE("RocksDB: what a killed rebuilding left among the temporary files is removed by the next, and nothing else") {
  const TemporaryDirectory temporary;
  const std::string usual = ::getenv("TMPDIR") == nullptr ? "" : ::getenv("TMPDIR");
  ::setenv("TMPDIR", temporary.path().c_str(), 1);
  const auto table = temporary.path() / "000001.sst";
  write_file(table, "of the damaged log");
  for (const auto* const name : {"tidemark-rebuilt-killed", "tidemark-rebuilt-at-work", "somebody-elses"}) {
    std::filesystem::create_directory(temporary.path() / name);
    std::filesystem::create_symlink(table, temporary.path() / name / "000001.sst");
  }
  const int at_work = ::open((temporary.path() / "tidemark-rebuilt-at-work").c_str(), O_RDONLY | O_DIRECTORY);
  REQUIRE(::flock(at_work, LOCK_EX | LOCK_NB) == 0);

  const RocksdbDirectory directory;
  directory.fill(records_between(1, 20));
  std::filesystem::remove(directory.database() / "CURRENT");
  CHECK(verified("rocksdb", directory.path()));
  ::close(at_work);
  if (usual.empty()) {
    ::unsetenv("TMPDIR");
  } else {
    ::setenv("TMPDIR", usual.c_str(), 1);
  }
  CHECK_FALSE(std::filesystem::exists(temporary.path() / "tidemark-rebuilt-killed"));
  CHECK(std::filesystem::exists(temporary.path() / "tidemark-rebuilt-at-work"));
  CHECK(std::filesystem::exists(temporary.path() / "somebody-elses"));
  CHECK(content_of(table) == "of the damaged log");
}

TEST_CASE("RocksDB: the note of the MANIFEST that counts is never overwritten by those of its successors") {
  using rocks::ManifestNote;
  const TemporaryDirectory directory;
  const ManifestNote::Extent first{100, 1}, other{200, 2};
  {
    ManifestNote note(directory.path());
    REQUIRE(note.note("MANIFEST-000001", first));
    note.on_current();
    for (const auto* const name : {"MANIFEST-000005", "MANIFEST-000009", "MANIFEST-000012"}) {
      REQUIRE(note.note(name, other));
    }
  }
  CHECK(ManifestNote(directory.path()).durable("MANIFEST-000001") == first);
  {
    ManifestNote note(directory.path());
    REQUIRE(note.durable("MANIFEST-000001") == first);
    REQUIRE(note.note("MANIFEST-000015", other));
    note.on_current();
    REQUIRE(note.note("MANIFEST-000020", other));
  }
  CHECK(ManifestNote(directory.path()).durable("MANIFEST-000015") == other);
}

TEST_CASE("RocksDB: a truncated or missing table is refused, not taken for an emptier log") {
  const RocksdbDirectory directory;
  directory.fill(records_between(1, 2000));
  directory.flush();
  for (const auto& table : directory.files(".sst")) {
    const auto bytes = content_of(table);
    INFO(table.filename().string());
    write_file(table, bytes.substr(0, bytes.size() / 2));
    const auto truncated = directory.open();
    REQUIRE_FALSE(truncated);
    CHECK(truncated.error().code == ErrorCode::corrupt);
    std::filesystem::remove(table);
    const auto missing = directory.open();
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::corrupt);
    write_file(table, bytes);
  }
  CHECK(directory.open());
}

}  // namespace tidemark::contract
