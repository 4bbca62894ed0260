// What the RocksDB engine does when writing fails, and when the process dies and its write-ahead log is damaged.
#include <fmt/format.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <chrono>

#include "src/base/journal.h"
#include "tests/contract/rocksdb_directory.h"

namespace tidemark::contract {
namespace {

constexpr Epoch kNewEpoch{0x1122334455667788};

enum class Fault : std::uint8_t { none, write_io, write_no_space, flush_io, flush_no_space };

/// Files whose write-ahead logs fail when told to.
class FaultyFiles final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyFiles(const std::atomic<Fault>& fault)
      : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()), fault_(fault) {}
  const char* Name() const override { return "faulty files"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    auto status = target()->NewWritableFile(name, options, file, debug);
    if (status.ok() && name.ends_with(".log")) *file = std::make_unique<LogFile>(std::move(*file), fault_);
    return status;
  }

 private:
  static rocksdb::IOStatus no_space() { return rocksdb::IOStatus::NoSpace("no space, says the test"); }
  static rocksdb::IOStatus broken() { return rocksdb::IOStatus::IOError("broken, says the test"); }

  class LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    LogFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, const std::atomic<Fault>& fault)
        : rocksdb::FSWritableFileOwnerWrapper(std::move(file)), fault_(fault) {}

    using rocksdb::FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      const auto fault = fault_.load();
      if (fault != Fault::write_io && fault != Fault::write_no_space) return target()->Append(data, options, debug);
      // As a full disk does it: some of it is written.
      static_cast<void>(target()->Append({data.data(), data.size() / 2}, options, debug));
      return fault == Fault::write_io ? broken() : no_space();
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
      const auto fault = fault_.load();
      if (fault == Fault::flush_io) return broken();
      if (fault == Fault::flush_no_space) return no_space();
      return target()->Sync(options, debug);
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
      return Sync(options, debug);
    }

   private:
    const std::atomic<Fault>& fault_;
  };

  const std::atomic<Fault>& fault_;
};

/// A store whose files fail when told to.
struct FaultyStore {
  std::atomic<Fault> fault = Fault::none;
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(std::make_shared<FaultyFiles>(fault));
  RocksdbDirectory directory;
  std::unique_ptr<LogStore> store;

  FaultyStore() {
    restart();
    append(*store, records_between(1, 10));
  }
  /// Afterwards all is in tables.
  void restart() {
    store.reset();
    auto opened = directory.open({.epoch_if_new = kEpoch}, env.get());
    REQUIRE(opened);
    store = std::move(*opened);
  }
  ErrorCode append_code(const std::vector<Record>& records) {
    const auto done = store->append(views(records), {});
    REQUIRE_FALSE(done);
    INFO(done.error().context);
    CHECK(done.error().context.find(directory.path().string()) != std::string::npos);
    return done.error().code;
  }
  /// What the log holds after the process died now.
  std::vector<Record> after_death() const {
    const RocksdbDirectory copy;
    directory.copy_to(copy);
    const auto reopened = copy.open();
    REQUIRE(reopened);
    return scan(**reopened, 0, Offset::kMax);
  }
};

/// A hundred commits in the write-ahead log of a process that died.
void fill_and_die(const RocksdbDirectory& directory) {
  const RocksdbDirectory alive;
  const auto store = alive.open();
  REQUIRE(store);
  for (std::uint64_t offset = 1; offset <= 100; ++offset) append(**store, {record_at(offset)});
  alive.copy_to(directory);
}

}  // namespace

TEST_CASE("RocksDB: what was appended before the process died is there") {
  const RocksdbDirectory directory;
  fill_and_die(directory);
  const auto store = directory.open();
  REQUIRE(store);
  CHECK(scan(**store, 0, Offset::kMax) == records_between(1, 100));
  append(**store, {record_at(101)});
}

TEST_CASE("RocksDB: a write-ahead log damaged anywhere is not taken for a shorter log, nor touched") {
  const RocksdbDirectory pristine;
  fill_and_die(pristine);
  const auto log = pristine.files(".log").back();
  const auto bytes = content_of(log);
  REQUIRE(bytes.size() > 5000);
  journal::set_level(journal::Level::error);  // a hundred accepted losses are nothing to warn of
  for (std::size_t place = 3; place < bytes.size(); place += bytes.size() / 97) {
    INFO("damaged at ", place, " of ", bytes.size());
    const RocksdbDirectory directory;
    pristine.copy_to(directory);
    auto damaged = bytes;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
    write_file(directory.database() / log.filename(), damaged);
    const auto tables = directory.files(".sst").size();
    for (int attempt = 0; attempt < 2; ++attempt) {
      const auto refused = directory.open();
      REQUIRE_FALSE(refused);
      INFO(refused.error().context);
      CHECK(refused.error().code == ErrorCode::corrupt);
      CHECK(refused.error().context.find("tidemark repair") != std::string::npos);
      CHECK(content_of(directory.database() / log.filename()) == damaged);
      CHECK(directory.files(".sst").size() == tables);
    }
    // What stands before the damage is another log; the offsets that were acknowledged are not given again.
    {
      const auto salvaged = directory.open({.epoch_if_new = kNewEpoch, .accept_loss = true});
      REQUIRE(salvaged);
      CHECK((*salvaged)->state().epoch == kNewEpoch);
      CHECK((*salvaged)->state().head == Offset(100));
      const auto kept = scan(**salvaged, 0, Offset::kMax);
      CHECK(kept.size() < 100);
      CHECK(kept == records_between(1, kept.size()));
      append(**salvaged, {record_at(101)});
    }
    const auto store = directory.open();
    REQUIRE(store);
    CHECK((*store)->state().epoch == kNewEpoch);
    CHECK((*store)->state().head == Offset(101));
    CHECK((*store)->verify());
  }
  journal::set_level(journal::Level::info);
}

TEST_CASE("RocksDB: a write-ahead log torn at its end loses only what was not acknowledged") {
  const RocksdbDirectory pristine;
  fill_and_die(pristine);
  const auto log = pristine.files(".log").back();
  const auto bytes = content_of(log);
  for (const std::size_t torn : {1, 5, 20}) {
    INFO(torn, " bytes of a 101st commit");
    const RocksdbDirectory directory;
    pristine.copy_to(directory);
    // The beginning of a commit is the beginning of any other one.
    write_file(directory.database() / log.filename(), bytes + bytes.substr(bytes.size() - 150, torn));
    const auto store = directory.open();
    REQUIRE(store);
    CHECK(scan(**store, 0, Offset::kMax) == records_between(1, 100));
  }
}

TEST_CASE("RocksDB: after a write failed the store is not written again, and what was acknowledged is there") {
  FaultyStore faulty;
  SUBCASE("the write") { faulty.fault = Fault::write_io; }
  SUBCASE("the flush") { faulty.fault = Fault::flush_io; }
  SUBCASE("the flush, for lack of space") { faulty.fault = Fault::flush_no_space; }
  CHECK(faulty.append_code(records_between(11, 20)) == ErrorCode::io);
  faulty.fault = Fault::none;
  CHECK(faulty.append_code(records_between(11, 20)) == ErrorCode::io);
  CHECK(faulty.append_code({}) == ErrorCode::io);
  CHECK(faulty.store->trim(Offset(3), {}).error().code == ErrorCode::io);
  CHECK(faulty.store->state().head == Offset(10));
  CHECK(scan(*faulty.store, 0, Offset::kMax) == records_between(1, 10));
  const auto kept = faulty.after_death();
  // After `io` it may be either, but all or nothing.
  CHECK((kept == records_between(1, 10) || kept == records_between(1, 20)));
}

TEST_CASE("RocksDB: a full disk refuses appends, and once there is room they go on by themselves") {
  FaultyStore faulty;
  SUBCASE("with records that are in no table yet") {}
  SUBCASE("with nothing to be flushed") { faulty.restart(); }
  for (int round = 0; round < 2; ++round) {
    const auto head = faulty.store->state().head.value();
    faulty.fault = Fault::write_no_space;
    CHECK(faulty.append_code(records_between(head + 1, head + 10)) == ErrorCode::out_of_space);
    CHECK(faulty.store->state().head == Offset(head));
    CHECK(scan(*faulty.store, 0, Offset::kMax) == records_between(1, head));
    CHECK(faulty.after_death() == records_between(1, head));
    faulty.fault = Fault::none;
    // RocksDB may be at recovering by itself: it is asked until it answers.
    auto asked = faulty.store->append({}, {});
    while (!asked && asked.error().code == ErrorCode::out_of_space) asked = faulty.store->append({}, {});
    REQUIRE(asked);
    append(*faulty.store, {record_at(head + 1), record_at(head + 2)});
    CHECK(faulty.after_death() == records_between(1, head + 2));
  }
  faulty.store->close();
  const auto store = faulty.directory.open();
  REQUIRE(store);
  CHECK(scan(**store, 0, Offset::kMax) == records_between(1, 14));
  CHECK((*store)->verify());
}

TEST_CASE("RocksDB: restarts leave nothing behind that grows") {
  const RocksdbDirectory directory;
  for (std::uint64_t round = 1; round <= 6; ++round) {
    const auto store = directory.open();
    REQUIRE(store);
    append(**store, {record_at(round)});
    // What it found in write-ahead logs it moves into tables meanwhile.
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (directory.files(".log").size() > 2) REQUIRE(std::chrono::steady_clock::now() < patience);
  }
  std::size_t notes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory.database())) {
    if (entry.path().filename().string().starts_with("LOG")) ++notes;
  }
  CHECK(notes == 2);
}

}  // namespace tidemark::contract
