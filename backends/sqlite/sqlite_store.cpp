#include "backends/sqlite/sqlite_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "backends/guarded_store.h"
#include "backends/reading_store.h"
#include "backends/sqlite/read_only_store.h"
#include "backends/sqlite/reader_pool.h"
#include "backends/sqlite/schema.h"
#include "backends/sqlite/writer.h"
#include "src/log/damage.h"
#include "src/log/head_floor.h"
#include "src/log/store_rules.h"

namespace tidemark {
namespace {

using namespace sqlite;

class SqliteStore final : public ReadingStore<Reader> {
 public:
  SqliteStore(std::filesystem::path file, Writer writer, const Writer::Contents& contents)
      : file_(std::move(file)),
        writer_(std::move(writer)),
        trimmed_before_(contents.trimmed_before),
        readers_(file_, [file = file_] { return Reader::open(file); }),
        state_(contents.state) {}

  ~SqliteStore() override { shut(); }

  std::string_view engine() const override { return "sqlite"; }

  StoreState state() const override {
    const std::scoped_lock lock(state_mutex_);
    return state_;
  }

  Result<void> append(std::span<const RecordView> records, std::span<const IndexSegment> segments) override {
    if (!writer_) return closed();
    if (auto done = writer_->append(records, segments); !done || records.empty()) return done;
    const std::scoped_lock lock(state_mutex_);
    if (state_.first > state_.head) state_.first = records.front().offset;
    state_.head = records.back().offset;
    return {};
  }

  Result<void> channel_names(FunctionRef<void(std::string_view)> visit) const override {
    if (!writer_) return closed();
    writer_->channels().visit(visit);
    return {};
  }

  Result<void> trim(Offset before, std::span<const ChannelLoss> losses) override {
    if (!writer_) return closed();
    const auto kept = state();
    before = std::max(before, trimmed_before_);  // also finishes a trim that was interrupted
    if (auto done = writer_->set_trimmed(before, kept.head.next(), losses); !done) return done;
    const auto first = writer_->first_record(before, kept.head.next());
    if (!first) return std::unexpected(first.error());
    {
      const std::scoped_lock lock(state_mutex_);
      state_.first = *first;
    }
    trimmed_before_ = before;
    return writer_->remove_trimmed(before);
  }

  Result<void> verify() const override {
    return reading([](Reader& reader) { return reader.check_structure(); });
  }

  StoreStats stats() const override {
    StoreStats result{.records = kept_offsets(state())};
    for (const char* suffix : {"", "-wal"}) {
      std::error_code ignored;  // there need not be a write-ahead log
      const auto size = std::filesystem::file_size(file_.string() + suffix, ignored);
      if (!ignored) result.bytes_on_disk += size;
    }
    if (auto reader = readers_.lend()) result.bytes_in_use = (*reader)->bytes_in_use().value_or(0);
    return result;
  }

  void close() override { shut(); }

 private:
  Result<void> reading(Read read) const override {
    auto reader = readers_.lend();
    if (!reader) return std::unexpected(reader.error());
    return read(**reader);
  }

  /// The writer last: as the last connection it moves the rest of the write-ahead log into the file.
  void shut() {
    readers_.close();
    writer_.reset();
  }

  std::unexpected<Error> closed() const { return fail(ErrorCode::closed, fmt::format("{} is closed", file_.string())); }

  const std::filesystem::path file_;
  std::optional<Writer> writer_;  // the appending thread's, as is the next
  Offset trimmed_before_;
  mutable ReaderPool readers_;
  mutable std::mutex state_mutex_;  // guards state_
  StoreState state_;
};

Result<std::unique_ptr<LogStore>> open_file(const StoreOptions& options, int checkpoint_pages,
                                            const std::filesystem::path& file, FileState file_state) {
  auto connection = options.building ? open_building_writer(file, file_state, options.epoch_if_new)
                                     : open_writer(file, file_state, options.epoch_if_new);
  if (!connection) return std::unexpected(connection.error());
  auto writer = Writer::open(std::move(*connection), checkpoint_pages);
  if (!writer) return std::unexpected(writer.error());
  auto floor = HeadFloor::open(options.directory);
  if (!floor) return std::unexpected(floor.error());
  auto contents = writer->contents();
  if (!contents) return std::unexpected(contents.error());
  const auto agreed = reconcile(
      options, "sqlite", *floor, {contents->state.epoch, contents->state.head}, false,
      [&](Epoch epoch, Offset next) { return writer->renew(epoch, next); }, [&] { return writer->settle(); });
  if (!agreed) return std::unexpected(agreed.error());
  if (*agreed != HeadFloor::Note{contents->state.epoch, contents->state.head}) contents = writer->contents();
  if (!contents) return std::unexpected(contents.error());
  writer->trust();
  return std::make_unique<GuardedStore>(
      std::make_unique<SqliteStore>(file, std::move(*writer), *contents), std::move(*floor), options.directory,
      std::vector<std::string>{std::string(kFileName), fmt::format("{}-wal", kFileName)},
      FreeBytes{.append = options.free_bytes_min, .trim = 0});
}

Result<std::unique_ptr<LogStore>> open_as_told(const StoreOptions& options, int checkpoint_pages) {
  const auto file = options.directory / kFileName;
  const auto file_state = inspect(file, options.read_only ? Access::untouched : Access::write);
  if (!file_state) return std::unexpected(file_state.error());
  if (*file_state != FileState::tidemark && !options.accept_loss) {
    if (auto checked = check_nothing_missing(options.directory); !checked) return std::unexpected(checked.error());
  }
  if (options.read_only && *file_state != FileState::tidemark) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no log in {}; name its directory with --data", options.directory.string()));
  }
  if (options.read_only) return open_read_only(file);
  auto store = open_file(options, checkpoint_pages, file, *file_state);
  if (!store && *file_state == FileState::absent) {
    // What was half created goes again. Nothing to say if it cannot: the sentence that matters is on its way.
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::error_code ignored;
      std::filesystem::remove(file.string() + suffix, ignored);
    }
  }
  return store;
}

}  // namespace

Result<std::unique_ptr<LogStore>> open_sqlite_store(const StoreOptions& options, int checkpoint_pages) {
  auto store = open_as_told(options, checkpoint_pages);
  if (store || options.read_only || store.error().code != ErrorCode::corrupt) return store;
  // A repair is advised only where it gets at least as far as this.
  auto looking = options;
  looking.read_only = true;
  if (const auto repairable = open_as_told(looking, checkpoint_pages)) return store;
  return std::unexpected(beyond_repair(store.error()));
}

}  // namespace tidemark
