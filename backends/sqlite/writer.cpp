#include "backends/sqlite/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "src/base/attachments.h"
#include "src/base/limits.h"
#include "src/log/record_checksum.h"

namespace tidemark::sqlite {
namespace {

constexpr std::string_view kAppending = "append to";

/// So many records go in by one statement: it finds the end of the table once for all of them. OR ROLLBACK, because
/// nothing of a failed transaction is kept: else SQLite would note every page a statement changes, to undo it alone.
constexpr std::size_t kInsertedTogether = 16;

std::string insert_sql(std::size_t records) {
  std::string sql =
      "INSERT OR ROLLBACK INTO "
      "records(offset,time,channel_id,event_id,sender,client_key,payload,attachments,attachment_count,crc) VALUES";
  for (std::size_t i = 0; i < records; ++i) sql += i == 0 ? "(?,?,?,?,?,?,?,?,?,?)" : ",(?,?,?,?,?,?,?,?,?,?)";
  return sql;
}

std::int64_t number(Offset offset) { return static_cast<std::int64_t>(offset.value()); }

/// Where a slice of the records from `oldest` to `before` ends.
Offset slice_end(Offset oldest, Offset before) {
  return std::min(before, Offset(oldest.value() + limits::kTrimSliceRecords));
}

std::int64_t count_attachments(std::string_view attachments) {
  std::int64_t count = 0;
  while (take_attachment(attachments)) ++count;
  return count;
}

}  // namespace

Result<Writer> Writer::open(Connection connection, int checkpoint_pages) {
  Writer writer(std::move(connection), checkpoint_pages);
  const auto insert_one = insert_sql(1);
  const auto insert_many = insert_sql(kInsertedTogether);
  const std::array<std::pair<Statement*, std::string_view>, 12> statements{{
      {&writer.begin_, "BEGIN IMMEDIATE"},
      {&writer.commit_, "COMMIT"},
      {&writer.insert_record_, insert_one},
      {&writer.insert_records_, insert_many},
      {&writer.insert_channel_segment_, "INSERT INTO channel_segments(segment,channel_id,offsets) VALUES(?1,?2,?3)"},
      {&writer.insert_key_segment_, "INSERT OR REPLACE INTO key_segments(segment,hashes) VALUES(?1,?2)"},
      {&writer.insert_loss_,
       "INSERT INTO losses(channel_id,offset) VALUES(?1,?2) "
       "ON CONFLICT DO UPDATE SET offset=max(offset,excluded.offset)"},
      {&writer.set_meta_, "UPDATE meta SET value=?2 WHERE name=?1"},
      {&writer.first_record_, "SELECT min(offset) FROM records WHERE offset>=?1"},
      {&writer.delete_records_, "DELETE FROM records WHERE offset<?1"},
      {&writer.delete_channel_segments_, "DELETE FROM channel_segments WHERE segment=?1"},
      {&writer.delete_key_segments_, "DELETE FROM key_segments WHERE segment=?1"},
  }};
  for (const auto& [statement, sql] : statements) {
    auto prepared = writer.connection_.prepare(sql);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = std::move(*prepared);
  }
  auto channels = NameTable::load(writer.connection_, "channels");
  if (!channels) return std::unexpected(channels.error());
  writer.channels_ = std::move(*channels);
  auto events = NameTable::load(writer.connection_, "events");
  if (!events) return std::unexpected(events.error());
  writer.events_ = std::move(*events);
  sqlite3_wal_hook(
      writer.connection_.handle(),
      [](void* log_pages, sqlite3*, const char*, int pages) {
        *static_cast<int*>(log_pages) = pages;
        return SQLITE_OK;
      },
      writer.log_pages_.get());
  return writer;
}

Result<Writer::Contents> Writer::contents() {
  const auto epoch_text = connection_.text("SELECT value FROM meta WHERE name='epoch'");
  if (!epoch_text) return std::unexpected(epoch_text.error());
  const auto epoch = Epoch::parse(*epoch_text);
  const auto next = connection_.integer("SELECT value FROM meta WHERE name='next_offset'");
  if (!next) return std::unexpected(next.error());
  const auto trimmed = connection_.integer("SELECT value FROM meta WHERE name='trimmed_before'");
  if (!trimmed) return std::unexpected(trimmed.error());
  const auto last = connection_.integer("SELECT coalesce(max(offset),0) FROM records");
  if (!last) return std::unexpected(last.error());
  if (!epoch || *next < 1 || *trimmed < 1) {
    return failure(SQLITE_CORRUPT, sqlite3_db_filename(connection_.handle(), "main"), "its table meta is damaged");
  }
  const Offset head(static_cast<std::uint64_t>(std::max(*last, *next - 1)));
  const Offset trimmed_before(static_cast<std::uint64_t>(*trimmed));
  const auto first = first_record(trimmed_before, head.next());
  if (!first) return std::unexpected(first.error());
  return Contents{{*epoch, *first, head}, trimmed_before};
}

Result<void> Writer::settle() {
  const int code =
      sqlite3_wal_checkpoint_v2(connection_.handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  // That the log is empty now has to be durable as well: what a failed flush left of it would hide the newer pages.
  if (code == SQLITE_OK) return connection_.flush_log();
  // Another program reads the log and needs those pages where they are, or the file cannot grow: a log that can be read
  // is worth more than the rare case of a flush that had failed before.
  if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_FULL) return connection_.flush_log();
  return connection_.error(code, "move the write-ahead log into");
}

Result<void> Writer::renew(Epoch epoch, Offset next) {
  return in_transaction("repair", [&] {
    const auto text = epoch.text();
    set_meta_.bind_text(1, "epoch");
    set_meta_.bind_text(2, text);
    const int code = set_meta_.step();
    set_meta_.reset();
    return code == SQLITE_DONE ? set_meta("next_offset", next) : code;
  });
}

int Writer::set_meta(std::string_view name, Offset value) {
  set_meta_.bind_text(1, name);
  set_meta_.bind(2, number(value));
  const ResetLater reset(set_meta_);
  return set_meta_.step();
}

Result<Offset> Writer::first_record(Offset from, Offset none) {
  first_record_.bind(1, number(from));
  const ResetLater reset(first_record_);
  const int code = first_record_.step();
  if (code != SQLITE_ROW) return connection_.error(code, "read");
  return first_record_.is_null(0) ? none : Offset(static_cast<std::uint64_t>(first_record_.integer(0)));
}

template <class Body>
Result<void> Writer::in_transaction(std::string_view doing, Body body) {
  if (broken_) return std::unexpected(*broken_);
  const auto step = [](Statement& statement) {
    const ResetLater reset(statement);
    return statement.step();
  };
  int code = step(begin_);
  if (code == SQLITE_DONE) code = body();
  if (code == SQLITE_DONE) code = step(commit_);
  if (code == SQLITE_DONE) {
    channels_.commit();
    events_.commit();
    checkpoint();
    return {};
  }
  auto error = code == SQLITE_TOOBIG
                   ? fail(ErrorCode::invalid_argument,
                          fmt::format("the log holds its limit of {} channel or event names", limits::kStoredNames))
                   : connection_.error(code, doing);
  // SQLite rolls some failures back by itself; after the others the transaction is still open.
  if (!connection_.idle()) sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  channels_.rollback();
  events_.rollback();
  // SQLite calls a page that the disk cannot read corrupt, too. A trim may come upon one among the oldest records, which
  // is no reason not to take new ones.
  const bool untrusted = error.error().code == ErrorCode::corrupt && doing == kAppending;
  if (error.error().code == ErrorCode::io || untrusted) {
    broken_ = error.error();
    connection_.keep_log_on_close(true);
  }
  return error;
}

/// The transaction before it is durable already, in the write-ahead log. Readers may keep part of that log in use
/// (BUSY) and a full disk may refuse its pages: both pass. A failed write or flush does not: the pages it concerns may
/// be lost although a second flush would report success, so this is the last time the connection was used.
void Writer::checkpoint() {
  if (*log_pages_ < checkpoint_pages_) return;
  const int code = sqlite3_wal_checkpoint_v2(connection_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if ((code & 0xff) == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_FULL) return;
  broken_ = connection_.error(code, "move the write-ahead log into").error();
  connection_.keep_log_on_close(true);
}

int Writer::insert(std::span<const RecordView> records) {
  while (!records.empty()) {
    const auto together = records.size() < kInsertedTogether ? 1 : kInsertedTogether;
    Statement& statement = together == 1 ? insert_record_ : insert_records_;
    int parameter = 1;
    for (const RecordView& record : records.first(together)) {
      const auto channel = channels_.intern(record.channel);
      if (channel < 0) return static_cast<int>(-channel);
      const auto event = events_.intern(record.event);
      if (event < 0) return static_cast<int>(-event);
      statement.bind(parameter++, number(record.offset));
      statement.bind(parameter++, record.time.value);
      statement.bind(parameter++, channel);
      statement.bind(parameter++, event);
      statement.bind_text(parameter++, record.sender);
      statement.bind_text_or_null(parameter++, record.client_key);
      statement.bind_text(parameter++, record.payload);
      statement.bind_blob_or_null(parameter++, record.attachments);
      statement.bind(parameter++, count_attachments(record.attachments));
      statement.bind(parameter++, std::int64_t{record_checksum(record)});
    }
    const ResetLater reset(statement);
    if (const int code = statement.step(); code != SQLITE_DONE) return code;
    records = records.subspan(together);
  }
  return SQLITE_DONE;
}

int Writer::insert(const IndexSegment& segment) {
  const auto segment_number = static_cast<std::int64_t>(segment.number);
  // The table's key is (segment, id of the channel): in this order the rows are appended.
  std::vector<std::pair<std::int64_t, std::string_view>> rows;
  rows.reserve(segment.channels.size());
  for (const ChannelOffsets& channel : segment.channels) {
    const auto id = channels_.intern(channel.channel);
    if (id < 0) return static_cast<int>(-id);
    rows.emplace_back(id, channel.offsets);
  }
  std::ranges::sort(rows);
  delete_channel_segments_.bind(1, segment_number);
  const ResetLater reset_delete(delete_channel_segments_);
  if (const int code = delete_channel_segments_.step(); code != SQLITE_DONE) return code;
  for (const auto& [id, offsets] : rows) {
    insert_channel_segment_.bind(1, segment_number);
    insert_channel_segment_.bind(2, id);
    insert_channel_segment_.bind_blob(3, offsets);
    const ResetLater reset(insert_channel_segment_);
    if (const int code = insert_channel_segment_.step(); code != SQLITE_DONE) return code;
  }
  insert_key_segment_.bind(1, segment_number);
  insert_key_segment_.bind_blob(2, segment.key_hashes);
  const ResetLater reset(insert_key_segment_);
  return insert_key_segment_.step();
}

Result<void> Writer::append(std::span<const RecordView> records, std::span<const IndexSegment> segments) {
  return in_transaction(kAppending, [&] {
    if (const int code = insert(records); code != SQLITE_DONE) return code;
    for (const IndexSegment& segment : segments) {
      if (const int code = insert(segment); code != SQLITE_DONE) return code;
    }
    return SQLITE_DONE;
  });
}

int Writer::insert(const ChannelLoss& loss) {
  const auto id = channels_.intern(loss.channel);
  if (id < 0) return static_cast<int>(-id);
  insert_loss_.bind(1, id);
  insert_loss_.bind(2, number(loss.last));
  const ResetLater reset(insert_loss_);
  return insert_loss_.step();
}

Result<void> Writer::set_trimmed(Offset before, Offset next, std::span<const ChannelLoss> losses) {
  const auto oldest = first_record(Offset(), before);
  if (!oldest) return std::unexpected(oldest.error());
  return in_transaction("trim", [&] {
    if (const int code = remove_below(delete_records_, number(slice_end(*oldest, before))); code != SQLITE_DONE) {
      return code;
    }
    if (const int code = set_meta("trimmed_before", before); code != SQLITE_DONE) return code;
    for (const ChannelLoss& loss : losses) {
      if (const int code = insert(loss); code != SQLITE_DONE) return code;
    }
    return set_meta("next_offset", next);
  });
}

int Writer::remove_below(Statement& statement, std::int64_t bound) {
  statement.bind(1, bound);
  const ResetLater reset(statement);
  return statement.step();
}

Result<void> Writer::remove_trimmed(Offset before) {
  for (;;) {
    const auto oldest = first_record(Offset(), before);
    if (!oldest) return std::unexpected(oldest.error());
    if (*oldest >= before) break;
    const auto end = slice_end(*oldest, before);
    auto done = in_transaction("trim", [&] { return remove_below(delete_records_, number(end)); });
    if (!done) return done;
  }
  for (;;) {
    const auto oldest = connection_.integer("SELECT coalesce(min(segment),-1) FROM key_segments");
    if (!oldest) return std::unexpected(oldest.error());
    if (*oldest < 0 || static_cast<std::uint64_t>(*oldest) >= segment_of(before)) return {};
    auto done = in_transaction("trim", [&] {
      const int code = remove_below(delete_channel_segments_, *oldest);
      return code == SQLITE_DONE ? remove_below(delete_key_segments_, *oldest) : code;
    });
    if (!done) return done;
  }
}

}  // namespace tidemark::sqlite
