#include "backends/sqlite/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "backends/sqlite/schema.h"
#include "src/base/limits.h"
#include "src/log/damage.h"
#include "src/log/index_segment.h"
#include "src/log/record_checksum.h"
#include "src/log/store_rules.h"

namespace tidemark::sqlite {
namespace {

#define COLUMNS "offset,time,channel_id,event_id,sender,client_key,payload,attachments,crc"
constexpr std::string_view kColumns = COLUMNS;
constexpr std::string_view kForward = "SELECT " COLUMNS " FROM records WHERE offset BETWEEN ?1 AND ?2 ORDER BY offset";
constexpr std::string_view kBackward =
    "SELECT " COLUMNS " FROM records WHERE offset BETWEEN ?1 AND ?2 ORDER BY offset DESC";
constexpr std::string_view kOne = "SELECT " COLUMNS " FROM records WHERE offset=?1";
#undef COLUMNS

/// So many records are read by one statement: starting one costs as much as finding the record.
constexpr std::size_t kReadTogether = 32;

/// CROSS JOIN keeps the order in which the offsets are bound.
std::string many_sql() {
  std::string values = "(?1)";
  for (std::size_t i = 2; i <= kReadTogether; ++i) values += fmt::format(",(?{})", i);
  return fmt::format("SELECT {} FROM (VALUES {}) AS wanted CROSS JOIN records ON offset=wanted.column1", kColumns,
                     values);
}

std::int64_t number(Offset offset) { return static_cast<std::int64_t>(offset.value()); }

}  // namespace

Result<Reader> Reader::open(const std::filesystem::path& file) {
  auto connection = open_reader(file);
  if (!connection) return std::unexpected(connection.error());
  return open(std::move(*connection));
}

Result<Reader> Reader::open(Connection connection) {
  Reader reader(std::move(connection));
  const auto many = many_sql();
  // Without these the records are there all the same: what is asked of them is an error.
  const std::array<const Statement*, 5> dispensable{&reader.channel_segment_, &reader.next_segment_,
                                                    &reader.last_segment_, &reader.key_segments_, &reader.losses_};
  const std::array<std::pair<Statement*, std::string_view>, 15> statements{{
      {&reader.begin_, "BEGIN"},
      {&reader.commit_, "COMMIT"},
      {&reader.trimmed_before_, "SELECT value FROM meta WHERE name='trimmed_before'"},
      {&reader.forward_, kForward},
      {&reader.backward_, kBackward},
      {&reader.one_, kOne},
      {&reader.many_, many},
      {&reader.channel_id_, "SELECT id FROM channels WHERE name=?1"},
      {&reader.channel_segment_, "SELECT offsets FROM channel_segments WHERE segment=?1 AND channel_id=?2"},
      {&reader.next_segment_, "SELECT segment FROM channel_segments WHERE segment>?1 ORDER BY segment LIMIT 1"},
      {&reader.last_segment_, "SELECT max(segment) FROM key_segments"},
      {&reader.key_segments_, "SELECT segment,hashes FROM key_segments WHERE segment>=?1 ORDER BY segment"},
      {&reader.losses_, "SELECT channel_id,offset FROM losses"},
      {&reader.channels_.by_id, "SELECT name FROM channels WHERE id=?1"},
      {&reader.events_.by_id, "SELECT name FROM events WHERE id=?1"},
  }};
  for (const auto& [statement, sql] : statements) {
    auto prepared = reader.connection_.prepare(sql);
    if (prepared) {
      *statement = std::move(*prepared);
    } else if (std::ranges::find(dispensable, statement) == dispensable.end()) {
      return std::unexpected(prepared.error());
    }
  }
  return reader;
}

template <class Body>
Result<void> Reader::in_transaction(Body body) {
  const int begun = begin_.step();
  begin_.reset();
  if (begun != SQLITE_DONE) return connection_.error(begun, "read");
  Result<void> result;
  if (kept_from_) {
    result = body(*kept_from_);
  } else if (const int code = trimmed_before_.step(); code == SQLITE_ROW) {
    const Offset kept_from(static_cast<std::uint64_t>(trimmed_before_.integer(0)));
    trimmed_before_.reset();
    result = body(kept_from);
  } else {
    result = connection_.error(code, "read");
    trimmed_before_.reset();
  }
  const int committed = commit_.step();
  commit_.reset();
  if (committed != SQLITE_DONE) {
    auto error = connection_.error(committed, "read");
    if (!connection_.idle()) sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    if (result) return error;
  }
  return result;
}

const std::string* Reader::Names::find(std::int64_t id) {
  const auto place = static_cast<std::size_t>(id);
  if (place < names.size() && !names[place].empty()) return &names[place];
  if (place >= limits::kStoredNames) return nullptr;
  by_id.bind(1, id);
  const ResetLater reset(by_id);
  if (by_id.step() != SQLITE_ROW) return nullptr;
  if (place >= names.size()) names.resize(place + 1);
  names[place] = by_id.bytes(0);
  return &names[place];
}

std::unexpected<Error> Reader::damaged(Offset offset) const {
  return fail(ErrorCode::corrupt,
              fmt::format("the record at offset {} in {} fails its checksum; {}", offset.value(),
                          sqlite3_db_filename(connection_.handle(), "main"), kDamageAdvice),
              offset);
}

bool Reader::decode(const Statement& row, RecordView& record) {
  record.offset = Offset(static_cast<std::uint64_t>(row.integer(0)));
  const auto* channel = channels_.find(row.integer(2));
  const auto* event = events_.find(row.integer(3));
  if (channel == nullptr || event == nullptr) return false;
  record.time = {row.integer(1)};
  record.channel = *channel;
  record.event = *event;
  record.sender = row.bytes(4);
  record.client_key = row.bytes(5);
  record.payload = row.bytes(6);
  record.attachments = row.bytes(7);
  return row.integer(8) == std::int64_t{record_checksum(record)};
}

Result<void> Reader::scan(Offset from, Offset to, Direction direction, PageLimits page, RecordVisitor visit) {
  return in_transaction([&](Offset kept_from) -> Result<void> {
    Statement& rows = direction == Direction::forward ? forward_ : backward_;
    const ResetLater reset(rows);
    rows.bind(1, number(std::max(from, kept_from)));
    rows.bind(2, number(to));
    PageCount count(page);
    RecordView record;
    while (count.open()) {
      const int code = rows.step();
      if (code == SQLITE_DONE) break;
      if (code != SQLITE_ROW) return connection_.error(code, "read");
      if (!decode(rows, record)) return damaged(record.offset);
      if (!count.admits(record) || !visit(record)) break;
    }
    return {};
  });
}

Result<bool> Reader::visit_rows(Statement& rows, RecordVisitor visit) {
  const ResetLater reset(rows);
  RecordView record;
  for (;;) {
    const int code = rows.step();
    if (code == SQLITE_DONE) return true;
    if (code != SQLITE_ROW) return connection_.error(code, "read");
    if (!decode(rows, record)) return damaged(record.offset);
    if (!visit(record)) return false;
  }
}

Result<void> Reader::read(std::span<const Offset> offsets, RecordVisitor visit) {
  return in_transaction([&](Offset kept_from) -> Result<void> {
    // A trimmed record may still be there; offset 0 never is.
    const auto visible = [&](Offset offset) { return offset < kept_from ? 0 : number(offset); };
    while (!offsets.empty()) {
      const auto together = offsets.size() < kReadTogether ? 1 : kReadTogether;
      Statement& rows = together == 1 ? one_ : many_;
      for (std::size_t i = 0; i < together; ++i) rows.bind(static_cast<int>(i + 1), visible(offsets[i]));
      const auto visited = visit_rows(rows, visit);
      if (!visited) return std::unexpected(visited.error());
      if (!*visited) break;
      offsets = offsets.subspan(together);
    }
    return {};
  });
}

Result<void> Reader::channel_segments(std::string_view channel, std::uint64_t from_segment,
                                      FunctionRef<bool(std::uint64_t, std::string_view)> visit) {
  if (!channel_segment_ || !next_segment_) return missing("channel_segments");
  if (!last_segment_) return missing("key_segments");
  return in_transaction([&](Offset kept_from) -> Result<void> {
    channel_id_.bind_text(1, channel);
    const ResetLater reset_id(channel_id_);
    int code = channel_id_.step();
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_ROW) return connection_.error(code, "read");
    const auto id = channel_id_.integer(0);

    const ResetLater reset_last(last_segment_);
    code = last_segment_.step();
    if (code != SQLITE_ROW) return connection_.error(code, "read");
    if (last_segment_.is_null(0)) return {};
    const auto last = static_cast<std::uint64_t>(last_segment_.integer(0));

    // One lookup per segment: the key begins with the segment, so that rows are appended in its order.
    auto segment = std::max(from_segment, segment_of(kept_from));
    while (segment <= last) {
      const ResetLater reset(channel_segment_);
      channel_segment_.bind(1, static_cast<std::int64_t>(segment));
      channel_segment_.bind(2, id);
      code = channel_segment_.step();
      if (code == SQLITE_ROW) {
        if (!visit(segment, channel_segment_.bytes(0))) break;
        ++segment;
        continue;
      }
      if (code != SQLITE_DONE) return connection_.error(code, "read");
      // To the next one of any channel: a hole may be longer than anybody can count.
      const ResetLater reset_next(next_segment_);
      next_segment_.bind(1, static_cast<std::int64_t>(segment));
      code = next_segment_.step();
      if (code == SQLITE_DONE) break;
      if (code != SQLITE_ROW) return connection_.error(code, "read");
      segment = static_cast<std::uint64_t>(next_segment_.integer(0));
    }
    return {};
  });
}

Result<void> Reader::key_segments(std::uint64_t from_segment,
                                  FunctionRef<bool(std::uint64_t, std::string_view)> visit) {
  if (!key_segments_) return missing("key_segments");
  return in_transaction([&](Offset kept_from) -> Result<void> {
    const ResetLater reset(key_segments_);
    key_segments_.bind(1, static_cast<std::int64_t>(std::max(from_segment, segment_of(kept_from))));
    for (;;) {
      const int code = key_segments_.step();
      if (code == SQLITE_DONE) return {};
      if (code != SQLITE_ROW) return connection_.error(code, "read");
      if (!visit(static_cast<std::uint64_t>(key_segments_.integer(0)), key_segments_.bytes(1))) return {};
    }
  });
}

Result<void> Reader::losses(FunctionRef<bool(const ChannelLoss&)> visit) {
  if (!losses_) return missing("losses");
  return in_transaction([&](Offset /*kept_from*/) -> Result<void> {
    const ResetLater reset(losses_);
    for (;;) {
      const int code = losses_.step();
      if (code == SQLITE_DONE) return {};
      if (code != SQLITE_ROW) return connection_.error(code, "read");
      const auto* channel = channels_.find(losses_.integer(0));
      if (channel == nullptr) {
        return failure(SQLITE_CORRUPT, sqlite3_db_filename(connection_.handle(), "main"),
                       "a channel's name is missing");
      }
      if (!visit({*channel, Offset(static_cast<std::uint64_t>(losses_.integer(1)))})) return {};
    }
  });
}

Result<std::uint64_t> Reader::bytes_in_use() {
  std::uint64_t bytes = 0;
  const auto read = in_transaction([&](Offset /*kept_from*/) -> Result<void> {
    const auto pages = connection_.integer("PRAGMA page_count");
    if (!pages) return std::unexpected(pages.error());
    const auto free = connection_.integer("PRAGMA freelist_count");
    if (!free) return std::unexpected(free.error());
    const auto page_bytes = connection_.integer("PRAGMA page_size");
    if (!page_bytes) return std::unexpected(page_bytes.error());
    bytes = static_cast<std::uint64_t>((*pages - *free) * *page_bytes);
    return {};
  });
  if (!read) return std::unexpected(read.error());
  return bytes;
}

std::unexpected<Error> Reader::missing(std::string_view table) const {
  return failure(SQLITE_CORRUPT, sqlite3_db_filename(connection_.handle(), "main"),
                 fmt::format("its table {} is not there", table));
}

Result<void> Reader::check_structure() {
  return in_transaction([&](Offset /*kept_from*/) -> Result<void> {
    const char* const file = sqlite3_db_filename(connection_.handle(), "main");
    if (auto described = check_schema(connection_, file); !described) return described;
    // Not the quick check: a name that its index does not find would hide its channel's history.
    auto checked = connection_.text("PRAGMA integrity_check(1)");
    if (!checked) return std::unexpected(checked.error());
    if (*checked == "ok") return {};
    // A heading and what was found, in two lines: one is enough.
    if (const auto heading = checked->rfind('\n'); heading != std::string::npos) checked->erase(0, heading + 1);
    return failure(SQLITE_CORRUPT, file, *checked);
  });
}

}  // namespace tidemark::sqlite
