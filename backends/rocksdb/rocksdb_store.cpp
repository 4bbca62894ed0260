#include "backends/rocksdb/rocksdb_store.h"

#include <fmt/format.h>
#include <rocksdb/convenience.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>

#include "backends/guarded_store.h"
#include "backends/reading_store.h"
#include "backends/rocksdb/database.h"
#include "backends/rocksdb/directory.h"
#include "backends/rocksdb/keys.h"
#include "backends/rocksdb/read_only_store.h"
#include "backends/rocksdb/reader.h"
#include "backends/rocksdb/record_encoding.h"
#include "backends/rocksdb/status.h"
#include "src/log/head_floor.h"
#include "src/log/store_rules.h"

namespace tidemark {
namespace {

using namespace rocks;

struct Contents {
  StoreState state;
  Offset trimmed_before;
};

Result<Contents> read_contents(const Database& database) {
  const Reader reader(database);
  const auto epoch_text = reader.meta(kEpochKey);
  if (!epoch_text) return std::unexpected(epoch_text.error());
  const auto epoch = Epoch::parse(*epoch_text);
  if (!epoch) return failure(rocksdb::Status::Corruption("its epoch is damaged"), "open", database.directory());
  const auto next = reader.number(kNextOffsetKey);
  if (!next) return std::unexpected(next.error());
  const auto trimmed = reader.number(kTrimmedBeforeKey);
  if (!trimmed) return std::unexpected(trimmed.error());
  const auto last = reader.last_record();
  if (!last) return std::unexpected(last.error());
  const auto head = std::max(*last, Offset(*next - 1));
  const auto first = reader.first_record(Offset(*trimmed), head.next());
  if (!first) return std::unexpected(first.error());
  return Contents{{*epoch, *first, head}, Offset(*trimmed)};
}

class RocksdbStore final : public ReadingStore<Reader> {
 public:
  RocksdbStore(std::unique_ptr<Database> database, const Contents& contents, rocksdb::Env* env,
               std::size_t record_buffer_bytes, bool building)
      : directory_(database->directory()),
        env_(env),
        record_buffer_bytes_(record_buffer_bytes),
        building_(building),
        database_(std::move(database)),
        state_(contents.state) {
    database_->watermark().set(contents.trimmed_before);
  }
  ~RocksdbStore() override { shut(); }

  std::string_view engine() const override { return "rocksdb"; }

  StoreState state() const override {
    const std::scoped_lock lock(state_mutex_);
    return state_;
  }

  Result<void> append(std::span<const RecordView> records, std::span<const IndexSegment> segments) override {
    if (auto able = check_writable(); !able) return able;
    if (records.empty() && segments.empty()) return building_ ? database_->write_tables() : Result<void>();
    batch_.Clear();
    for (const RecordView& record : records) {
      encode_record(record, value_);
      add(database_->records(), NumberKey(record.offset).slice(), value_);
    }
    for (const IndexSegment& segment : segments) {
      if (auto replaced = remove_segment(segment.number); !replaced) return replaced;
      add(database_->segments(), hashes_key(segment.number), segment.key_hashes);
      for (const ChannelOffsets& channel : segment.channels) {
        add(database_->segments(), channel_key(segment.number, channel.channel), channel.offsets);
      }
    }
    if (auto written = write("append to"); !written || records.empty()) return written;
    const std::scoped_lock lock(state_mutex_);
    if (state_.first > state_.head) state_.first = records.front().offset;
    state_.head = records.back().offset;
    return {};
  }

  Result<void> channel_names(FunctionRef<void(std::string_view)> visit) const override {
    return reading([&](Reader& reader) { return reader.channel_names(visit); });
  }

  Result<void> trim(Offset before, std::span<const ChannelLoss> losses) override {
    if (auto able = check_writable(); !able) return able;
    const auto kept = state();
    before = std::max(before, database_->watermark().get());
    batch_.Clear();
    add(database_->meta(), kTrimmedBeforeKey, fmt::format("{}", before.value()));
    add(database_->meta(), kNextOffsetKey, fmt::format("{}", kept.head.next().value()));
    std::map<std::string, Offset, std::less<>> newest;
    for (const ChannelLoss& loss : losses) {
      auto& last = newest[fmt::format("{}{}", kLossPrefix, loss.channel)];
      last = std::max(last, loss.last);
    }
    for (const auto& [name, last] : newest) {
      const auto noted = Reader(*database_).number(name);
      // A damaged note must not stop every trim: what is known now is better than nothing in its place.
      const bool unknown =
          !noted && (noted.error().code == ErrorCode::not_found || noted.error().code == ErrorCode::corrupt);
      if (!noted && !unknown) return std::unexpected(noted.error());
      if (unknown || Offset(*noted) < last) add(database_->meta(), name, fmt::format("{}", last.value()));
    }
    if (auto written = write("trim"); !written) return written;
    database_->watermark().set(before);
    const auto first = Reader(*database_).first_record(before, kept.head.next());
    if (!first) return std::unexpected(first.error());
    {
      const std::scoped_lock lock(state_mutex_);
      state_.first = *first;
    }
    if (auto dropped = drop_files(database_->records(), NumberKey(before)); !dropped) return dropped;
    return drop_files(database_->segments(), NumberKey(segment_of(before)));
  }

  Result<void> verify() const override {
    return reading([](Reader& reader) { return reader.check_structure(); });
  }

  StoreStats stats() const override {
    const auto kept = state();
    StoreStats result{.records = kept_offsets(kept), .bytes_on_disk = bytes_on_disk(directory_)};
    static_cast<void>(reading([&](Reader& reader) -> Result<void> {
      result.bytes_in_use = reader.bytes_in_use(kept.first, kept.head);
      return {};
    }));
    return result;
  }

  void close() override { shut(); }

 private:
  Result<void> reading(Read read) const override {
    const std::shared_lock lock(open_mutex_);
    if (!database_) return closed();
    Reader reader(*database_);
    return read(reader);
  }

  void add(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key, std::string_view value) {
    // Fails only for batches beyond a limit that is not set.
    static_cast<void>(batch_.Put(family, key, value));
  }

  /// Those rows of a segment that the one in its place may not have.
  Result<void> remove_segment(std::uint64_t segment) {
    const NumberKey from(segment);
    const NumberKey to(segment + 1);
    const auto upper = to.slice();
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> rows(database_->db().NewIterator(options, database_->segments()));
    for (rows->Seek(from.slice()); rows->Valid(); rows->Next()) {
      static_cast<void>(batch_.Delete(database_->segments(), rows->key()));
    }
    if (!rows->status().ok()) return failure(rows->status(), "read", directory_);
    return {};
  }

  Result<void> write(std::string_view doing) {
    const auto status = database_->db().Write(building_ ? unlogged_write() : durable_write(), &batch_);
    if (status.ok()) return {};
    auto error = failure(status, doing, directory_);
    if (error.error().code == ErrorCode::out_of_space && !database_->log_flush_failed()) {
      full_ = true;
      return error;
    }
    // Whether it is in the write-ahead log is not known, and a flush that succeeds after this would prove nothing.
    if (error.error().code == ErrorCode::out_of_space) error.error().code = ErrorCode::io;
    broken_ = error.error();
    return error;
  }

  Result<void> check_writable() {
    if (closed_) return closed();
    if (broken_) return std::unexpected(*broken_);
    return full_ ? reopen() : Result<void>();
  }

  /// RocksDB refuses every write since the one for which there was no room. To resume with the same handle is not safe:
  /// with nothing to flush it goes on at the torn end of its write-ahead log, and its assertions end the process; or it
  /// waits for a flush that nobody begins. An open begins a new one. While it fails, what there is can be read.
  Result<void> reopen() {
    const std::unique_lock lock(open_mutex_);
    database_.reset();
    auto opened = open_again();
    if (opened) {
      database_ = std::move(*opened);
      full_ = false;
      return {};
    }
    if (auto readable = Database::open_read_only(directory_, Recovery::salvage, env_)) {
      if (const auto contents = read_contents(**readable)) {
        database_ = std::move(*readable);
        database_->watermark().set(contents->trimmed_before);
      }
    }
    if (opened.error().code == ErrorCode::out_of_space) return std::unexpected(opened.error());
    return break_off(opened.error());
  }

  Result<std::unique_ptr<Database>> open_again() const {
    auto opened = Database::open(directory_, Recovery::strict, env_, record_buffer_bytes_);
    if (!opened) return opened;
    const auto contents = read_contents(**opened);
    if (!contents) return std::unexpected(contents.error());
    if (contents->state.head != state().head) {
      return fail(ErrorCode::io, fmt::format("{} ends at offset {} instead of {} after a full disk",
                                             directory_.string(), contents->state.head.value(), state().head.value()));
    }
    if (auto settled = (*opened)->settle(); !settled) return std::unexpected(settled.error());
    (*opened)->watermark().set(contents->trimmed_before);
    return opened;
  }

  std::unexpected<Error> break_off(Error error) {
    error.code = ErrorCode::io;
    broken_ = error;
    return std::unexpected(std::move(error));
  }

  /// Only whole files go; what is left in others stays until RocksDB rewrites them, see watermark.h.
  Result<void> drop_files(rocksdb::ColumnFamilyHandle* family, const NumberKey& before) {
    const auto end = before.slice();
    const auto status = rocksdb::DeleteFilesInRange(&database_->db(), family, nullptr, &end, false);
    if (!status.ok()) return failure(status, "drop files of", directory_);
    return {};
  }

  void shut() {
    const std::unique_lock lock(open_mutex_);
    closed_ = true;
    database_.reset();
  }

  std::unexpected<Error> closed() const {
    return fail(ErrorCode::closed, fmt::format("{} is closed", directory_.string()));
  }

  const std::filesystem::path directory_;
  rocksdb::Env* const env_;
  const std::size_t record_buffer_bytes_;
  const bool building_;
  mutable std::shared_mutex open_mutex_;  // held by every read; close and reopen take it alone
  std::unique_ptr<Database> database_;

  // The appending thread's.
  rocksdb::WriteBatch batch_;
  std::string value_;
  bool closed_ = false;
  bool full_ = false;            // RocksDB had no room for a write; it must be opened again
  std::optional<Error> broken_;  // a write or a flush failed: nothing is written any more

  mutable std::mutex state_mutex_;  // guards state_
  StoreState state_;
};

Result<void> write_meta(Database& database, Epoch epoch, Offset next, bool create) {
  rocksdb::WriteBatch batch;
  static_cast<void>(batch.Put(database.meta(), kEpochKey, epoch.text()));
  static_cast<void>(batch.Put(database.meta(), kNextOffsetKey, fmt::format("{}", next.value())));
  if (create) static_cast<void>(batch.Put(database.meta(), kTrimmedBeforeKey, "1"));
  const auto status = database.db().Write(durable_write(), &batch);
  if (!status.ok()) return failure(status, create ? "create" : "repair", database.directory());
  return {};
}

struct Opened {
  std::unique_ptr<Database> database;
  bool damaged = false;  // part of its write-ahead log was left out, and acknowledged records may have been in it
};

/// RocksDB forgives a write-ahead log that ends in the middle of a commit, but not one whose last commit was torn: after
/// a power cut some sectors of what was not flushed are there and others are not. That was never acknowledged, so that
/// the log counts up to there - if the head floor knows of nothing beyond, and nothing can be read behind the tear.
/// Looking changes nothing.
bool only_the_end_is_torn(const std::filesystem::path& directory, const HeadFloor& floor, rocksdb::Env* env) {
  const auto head = [&](Recovery recovery) -> std::optional<HeadFloor::Note> {
    const auto found = Database::open_read_only(directory, recovery, env);
    if (!found) return std::nullopt;
    const auto contents = read_contents(**found);
    if (!contents) return std::nullopt;
    return HeadFloor::Note{contents->state.epoch, contents->state.head};
  };
  const auto before = head(Recovery::salvage);
  return before && floor.noted() && floor.check(*before) && head(Recovery::everything) == before;
}

Result<Opened> open_database(const StoreOptions& options, const std::filesystem::path& directory,
                             const HeadFloor& floor, rocksdb::Env* env, std::size_t record_buffer_bytes) {
  auto strict = Database::open(directory, Recovery::strict, env, record_buffer_bytes);
  if (strict) return Opened{std::move(*strict)};
  if (strict.error().code != ErrorCode::corrupt) return std::unexpected(strict.error());
  const bool torn = only_the_end_is_torn(directory, floor, env);
  if (!torn && !options.accept_loss) return std::unexpected(strict.error());
  auto salvaged = Database::open(directory, Recovery::salvage, env, record_buffer_bytes);
  if (!salvaged) return std::unexpected(salvaged.error());
  return Opened{std::move(*salvaged), !torn};
}

Result<std::unique_ptr<LogStore>> open_log(const StoreOptions& options, const std::filesystem::path& directory,
                                           rocksdb::Env* env, std::size_t record_buffer_bytes) {
  auto floor = HeadFloor::open(options.directory);
  if (!floor) return std::unexpected(floor.error());
  if (auto flushed = Database::flush_logs(directory); !flushed) return std::unexpected(flushed.error());
  auto opened = open_database(options, directory, *floor, env, record_buffer_bytes);
  if (!opened) return std::unexpected(opened.error());
  auto& database = *opened->database;
  auto contents = read_contents(database);
  if (!contents) return std::unexpected(contents.error());
  const auto agreed = reconcile(
      options, "rocksdb", *floor, {contents->state.epoch, contents->state.head}, opened->damaged,
      [&](Epoch epoch, Offset next) { return write_meta(database, epoch, next, false); },
      [&] { return database.settle(); });
  if (!agreed) return std::unexpected(agreed.error());
  if (*agreed != HeadFloor::Note{contents->state.epoch, contents->state.head}) contents = read_contents(database);
  if (!contents) return std::unexpected(contents.error());
  auto store = std::make_unique<RocksdbStore>(std::move(opened->database), *contents, env, record_buffer_bytes,
                                              options.building);
  return std::make_unique<GuardedStore>(
      std::move(store), std::move(*floor), directory, std::vector<std::string>{"CURRENT"},
      FreeBytes{.append = std::max(options.free_bytes_min, kFreeBytesNeeded), .trim = kFreeBytesToTrim});
}

Result<void> create(const StoreOptions& options, const std::filesystem::path& directory, rocksdb::Env* env,
                    std::size_t record_buffer_bytes) {
  if (auto begun = begin_creation(directory); !begun) return begun;
  {
    auto created = Database::create(directory, env, record_buffer_bytes);
    if (!created) return std::unexpected(created.error());
    if (auto written = write_meta(**created, options.epoch_if_new, Offset(1), true); !written) return written;
  }
  return finish_creation(directory);
}

}  // namespace

Result<std::unique_ptr<LogStore>> open_rocksdb_store(const StoreOptions& options, rocksdb::Env* env,
                                                     std::size_t record_buffer_bytes) {
  const auto directory = options.directory / kDirectoryName;
  const auto state = inspect(directory, options.read_only ? Access::untouched : Access::write);
  if (!state) return std::unexpected(state.error());
  if (*state == DirectoryState::mark_damaged) return open_read_only(directory, env, mark_damage(directory));
  if (*state != DirectoryState::tidemark && !options.accept_loss) {
    if (auto checked = check_nothing_missing(options.directory); !checked) return std::unexpected(checked.error());
  }
  if (options.read_only && *state != DirectoryState::tidemark) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no log in {}; name its directory with --data", options.directory.string()));
  }
  if (options.read_only) return open_read_only(directory, env);
  if (*state == DirectoryState::tidemark) return open_log(options, directory, env, record_buffer_bytes);
  auto created = create(options, directory, env, record_buffer_bytes);
  if (created) {
    auto store = open_log(options, directory, env, record_buffer_bytes);
    if (store) return store;
    created = std::unexpected(store.error());
  }
  undo_creation(directory, *state);
  return std::unexpected(created.error());
}

}  // namespace tidemark
