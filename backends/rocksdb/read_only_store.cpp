#include "backends/rocksdb/read_only_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <shared_mutex>
#include <utility>

#include "backends/reading_store.h"
#include "backends/rocksdb/database.h"
#include "backends/rocksdb/directory.h"
#include "backends/rocksdb/keys.h"
#include "backends/rocksdb/reader.h"
#include "backends/rocksdb/status.h"
#include "src/log/head_floor.h"
#include "src/log/index_segment.h"
#include "src/log/store_rules.h"

namespace tidemark::rocks {
namespace {

struct Contents {
  StoreState state;
  std::optional<Error> damage;  // found by opening
};

class ReadOnlyStore final : public ReadingStore<Reader> {
 public:
  ReadOnlyStore(std::unique_ptr<Database> database, Contents contents)
      : directory_(database->directory()), database_(std::move(database)), contents_(std::move(contents)) {}
  ~ReadOnlyStore() override { shut(); }

  std::string_view engine() const override { return "rocksdb"; }
  StoreState state() const override { return contents_.state; }

  Result<void> append(std::span<const RecordView>, std::span<const IndexSegment>) override { return refused(); }
  Result<void> trim(Offset, std::span<const ChannelLoss>) override { return refused(); }

  Result<void> verify() const override {
    if (contents_.damage) return std::unexpected(*contents_.damage);
    return reading([](Reader& reader) { return reader.check_structure(); });
  }

  StoreStats stats() const override {
    const auto bytes = bytes_on_disk(directory_);
    return {.records = kept_offsets(contents_.state), .bytes_on_disk = bytes, .bytes_in_use = bytes};
  }

  void close() override { shut(); }

 private:
  Result<void> reading(Read read) const override {
    const std::shared_lock lock(open_mutex_);
    if (!database_) return fail(ErrorCode::closed, fmt::format("{} is closed", directory_.string()));
    Reader reader(*database_);
    return read(reader);
  }

  [[nodiscard]] std::unexpected<Error> refused() const {
    return fail(ErrorCode::invalid_argument, fmt::format("{} was opened for reading only", directory_.string()));
  }

  void shut() {
    const std::unique_lock lock(open_mutex_);
    database_.reset();
  }

  const std::filesystem::path directory_;
  mutable std::shared_mutex open_mutex_;  // held by every read; close takes it alone
  std::unique_ptr<Database> database_;
  const Contents contents_;
};

/// The newest record. If damage is in the way, the best that is known otherwise, and what comes after it in one piece, so
/// that everything up to there is looked at.
Result<Offset> newest_record(const Reader& reader, const std::filesystem::path& directory) {
  const auto last = reader.last_record();
  if (last || last.error().code != ErrorCode::corrupt) return last;
  Offset best;
  const auto finished = reader.key_segments(0, [&](std::uint64_t segment, std::string_view) {
    best = segment_last(segment);
    return true;
  });
  if (!finished && finished.error().code != ErrorCode::corrupt) return std::unexpected(finished.error());
  if (const auto floor = HeadFloor::read(directory.parent_path()); floor && *floor) {
    best = std::max(best, (*floor)->head);
  }
  best = reader.last_after(best);
  if (best == Offset()) return last;
  return best;
}

/// What the database says about itself, and where it cannot, what its records say.
Result<Contents> read_contents(const Database& database, std::optional<Error> damage) {
  const Reader reader(database);
  Contents contents{.state = {}, .damage = std::move(damage)};
  const auto lost = [&](std::string_view what) {
    if (contents.damage) return;
    contents.damage =
        failure(rocksdb::Status::Corruption(fmt::format("its {} is damaged", what)), "read", database.directory())
            .error();
  };
  const auto epoch_text = reader.meta(kEpochKey);
  const auto epoch = epoch_text ? Epoch::parse(*epoch_text) : std::nullopt;
  if (!epoch) lost(kEpochKey);
  const auto number = [&](std::string_view name) {
    const auto value = reader.number(name);
    if (!value) lost(name);
    return Offset(value.value_or(1));
  };
  const auto next = number(kNextOffsetKey);
  const auto trimmed = number(kTrimmedBeforeKey);
  const auto last = newest_record(reader, database.directory());
  if (!last) return std::unexpected(last.error());
  const auto head = std::max(*last, next.previous());
  const auto first = reader.first_record(std::min(trimmed, head.next()), head.next());
  if (!first) return std::unexpected(first.error());
  contents.state = {epoch.value_or(Epoch()), *first, head};
  return contents;
}

/// The disk does not give RocksDB's list of its files. Where permission is missing the tables are not to be had either.
bool is_unreadable_list(const Error& error) {
  const auto names = [&](std::string_view what) { return error.context.find(what) != std::string::npos; };
  return error.code == ErrorCode::io && (names("/MANIFEST-") || names("/CURRENT")) && !names("Permission denied");
}

/// As much as can be had of a log that is damaged: with its own list of files or a new one, from both sides of the damage or
/// up to it. The error is the last one.
Result<std::unique_ptr<Database>> open_damaged(const std::filesystem::path& directory, rocksdb::Env* env) {
  auto database = Database::open_read_only(directory, Recovery::everything, env);
  for (const auto& open : {Database::open_read_only, Database::open_rebuilt}) {
    for (const auto recovery : {Recovery::everything, Recovery::salvage}) {
      if (database || (database.error().code != ErrorCode::corrupt && !is_unreadable_list(database.error())))
        return database;
      database = open(directory, recovery, env);
    }
  }
  return database;
}

}  // namespace

Result<std::unique_ptr<LogStore>> open_read_only(const std::filesystem::path& directory, rocksdb::Env* env,
                                                 std::optional<Error> damage) {
  auto database = Database::open_read_only(directory, Recovery::strict, env);
  if (!database) {
    damage = database.error();
    if (damage->code == ErrorCode::corrupt || is_unreadable_list(*damage)) database = open_damaged(directory, env);
  }
  if (!database) return std::unexpected(database.error().code == ErrorCode::corrupt ? database.error() : *damage);
  auto contents = read_contents(**database, std::move(damage));
  if (!contents) return std::unexpected(contents.error());
  // Not before: the first record is looked for from where the trim was.
  if (const auto trimmed = Reader(**database).number(kTrimmedBeforeKey)) {
    (*database)->watermark().set(std::min(Offset(*trimmed), contents->state.head.next()));
  }
  return std::make_unique<ReadOnlyStore>(std::move(*database), std::move(*contents));
}

}  // namespace tidemark::rocks
