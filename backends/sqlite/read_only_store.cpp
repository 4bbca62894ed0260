#include "backends/sqlite/read_only_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "backends/reading_store.h"
#include "backends/sqlite/reader.h"
#include "backends/sqlite/reader_pool.h"
#include "backends/sqlite/schema.h"
#include "src/log/head_floor.h"
#include "src/log/index_segment.h"
#include "src/log/store_rules.h"

namespace tidemark::sqlite {
namespace {

struct Contents {
  StoreState state;
  Offset kept_from;
  std::optional<Error> damage;  // found by opening: of the mark, of the table meta, or what had to be ignored
};

Result<Reader> reader_of(Result<Connection> connection, Offset kept_from) {
  if (!connection) return std::unexpected(connection.error());
  auto reader = Reader::open(std::move(*connection));
  if (reader) reader->keep_from(kept_from);
  return reader;
}

class ReadOnlyStore final : public ReadingStore<Reader> {
 public:
  ReadOnlyStore(std::filesystem::path file, Doubt doubt, Contents contents, Reader reader)
      : file_(std::move(file)),
        contents_(std::move(contents)),
        readers_(file_, [this, doubt] { return reader_of(open_looker(file_, doubt), contents_.kept_from); }) {
    readers_.add(std::move(reader));
  }

  std::string_view engine() const override { return "sqlite"; }
  StoreState state() const override { return contents_.state; }

  Result<void> append(std::span<const RecordView>, std::span<const IndexSegment>) override { return refused(); }
  Result<void> trim(Offset, std::span<const ChannelLoss>) override { return refused(); }

  Result<void> verify() const override {
    if (contents_.damage) return std::unexpected(*contents_.damage);
    return reading([](Reader& reader) { return reader.check_structure(); });
  }

  StoreStats stats() const override {
    StoreStats result{.records = kept_offsets(contents_.state)};
    for (const char* suffix : {"", "-wal"}) {
      std::error_code ignored;  // there need not be a write-ahead log
      const auto size = std::filesystem::file_size(file_.string() + suffix, ignored);
      if (!ignored) result.bytes_on_disk += size;
    }
    result.bytes_in_use = result.bytes_on_disk;
    return result;
  }

  void close() override { readers_.close(); }

 private:
  Result<void> reading(Read read) const override {
    auto reader = readers_.lend();
    if (!reader) return std::unexpected(reader.error());
    return read(**reader);
  }

  [[nodiscard]] std::unexpected<Error> refused() const {
    return fail(ErrorCode::invalid_argument, fmt::format("{} was opened for reading only", file_.string()));
  }

  const std::filesystem::path file_;
  const Contents contents_;
  mutable ReaderPool readers_;
};

/// The newest record; if damage is in the way, the best that is known otherwise, so that everything up to there is
/// looked at.
Result<std::int64_t> newest_record(Connection& connection, const std::filesystem::path& file) {
  auto last = connection.integer("SELECT coalesce(max(offset),0) FROM records");
  if (last) return last;
  const auto segment = connection.integer("SELECT coalesce(max(segment),-1) FROM key_segments");
  std::int64_t best = segment && *segment >= 0
                          ? static_cast<std::int64_t>(segment_last(static_cast<std::uint64_t>(*segment)).value())
                          : 0;
  if (const auto floor = HeadFloor::read(file.parent_path()); floor && *floor) {
    best = std::max(best, static_cast<std::int64_t>((*floor)->head.value()));
  }
  if (best == 0) return last;
  return best;
}

/// What the file says about itself, and where it cannot, what its records say.
Result<Contents> read_contents(Connection& connection, const std::filesystem::path& file) {
  Contents contents;
  const auto lost = [&](std::string_view what) {
    contents.damage =
        failure(SQLITE_CORRUPT, file.string(), fmt::format("its table meta is damaged ({})", what)).error();
  };
  const auto number = [&](std::string_view name, std::int64_t otherwise) {
    const auto value = connection.integer(fmt::format("SELECT value FROM meta WHERE name='{}'", name));
    if (value && *value >= 1 && static_cast<std::uint64_t>(*value) <= Offset::kMax) return *value;
    lost(name);
    return otherwise;
  };
  const auto epoch_text = connection.text("SELECT value FROM meta WHERE name='epoch'");
  const auto epoch = epoch_text ? Epoch::parse(*epoch_text) : std::nullopt;
  if (!epoch) lost("epoch");
  contents.state.epoch = epoch.value_or(Epoch());
  const auto last = newest_record(connection, file);
  if (!last) return std::unexpected(last.error());
  const auto next = number("next_offset", 1);
  const auto trimmed = number("trimmed_before", 1);
  const auto head = std::max(*last, next - 1);
  contents.state.head = Offset(static_cast<std::uint64_t>(head));
  contents.kept_from = Offset(static_cast<std::uint64_t>(std::min(trimmed, head + 1)));
  const auto first = connection.integer(
      fmt::format("SELECT coalesce(min(offset),{}) FROM records WHERE offset>={}", head + 1, trimmed));
  // If the oldest one is damaged, the stretch before the first readable one is lost, and that is to be said.
  contents.state.first =
      first ? std::max(contents.kept_from, Offset(static_cast<std::uint64_t>(*first))) : contents.kept_from;
  return contents;
}

/// `damage`: why all doubt is to be ignored, if it is.
Result<std::unique_ptr<LogStore>> open_despite(const std::filesystem::path& file, std::optional<Error> damage) {
  const auto doubt = damage ? Doubt::ignored : Doubt::none;
  auto connection = open_looker(file, doubt);
  if (!connection) return std::unexpected(connection.error());
  auto contents = read_contents(*connection, file);
  if (!contents) return std::unexpected(contents.error());
  if (damage) contents->damage = std::move(damage);
  if (auto marked = check_mark(*connection, file); !marked && !contents->damage) contents->damage = marked.error();
  const auto described = check_schema(*connection, file);
  auto reader = reader_of(std::move(connection), contents->kept_from);
  if (!reader) return std::unexpected(described ? reader.error() : described.error());
  return std::make_unique<ReadOnlyStore>(file, doubt, std::move(*contents), std::move(*reader));
}

}  // namespace

Result<std::unique_ptr<LogStore>> open_read_only(const std::filesystem::path& file) {
  auto store = open_despite(file, std::nullopt);
  if (store || store.error().code != ErrorCode::corrupt) return store;
  auto damage = store.error();
  if (const auto whole = check_length(file); !whole) damage = whole.error();
  if (auto rest = open_despite(file, damage)) return rest;
  return std::unexpected(std::move(damage));
}

}  // namespace tidemark::sqlite
