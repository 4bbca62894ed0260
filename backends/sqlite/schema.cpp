#include "backends/sqlite/schema.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <system_error>

#include "backends/flush_directory.h"
#include "src/log/damage.h"
#include "src/log/head_floor.h"

namespace tidemark::sqlite {
namespace {

constexpr std::int64_t kApplicationId = 0x54494445;  // "TIDE"
constexpr std::int64_t kFormat = 1;                  // user_version
constexpr std::int64_t kPageBytes = 4096;

// Nothing is ever updated but `meta` and `losses`, and only by a trim. STRICT, so that a column holds what it says.
constexpr auto kSchema = R"sql(
CREATE TABLE meta(
  name  TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE channels(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE events(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE records(
  offset           INTEGER PRIMARY KEY,
  time             INTEGER NOT NULL,  -- milliseconds since 1970
  channel_id       INTEGER NOT NULL,
  event_id         INTEGER NOT NULL,
  sender           TEXT NOT NULL,
  client_key       TEXT,              -- NULL: none was given
  payload          TEXT NOT NULL,     -- JSON, byte for byte as it was sent
  attachments      BLOB,              -- per attachment four bytes of length, little-endian, and its bytes
  attachment_count INTEGER NOT NULL,
  crc              INTEGER NOT NULL   -- CRC-32C of all fields
) STRICT;

-- Finished index segments: per channel its offsets, and the hashes of all client keys.
CREATE TABLE channel_segments(
  segment    INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  offsets    BLOB NOT NULL,
  PRIMARY KEY(segment, channel_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE key_segments(segment INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;

CREATE TABLE losses(  -- the newest record that was trimmed, of each channel that lost any
  channel_id INTEGER PRIMARY KEY,
  offset     INTEGER NOT NULL
) STRICT;

CREATE VIEW messages AS
SELECT r.offset,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.time / 1000.0, 'unixepoch') AS time,
       c.name AS channel,
       e.name AS event,
       r.sender,
       r.client_key,
       r.payload,
       r.attachment_count AS attachments,
       coalesce(length(r.attachments), 0) - 4 * r.attachment_count AS attachment_bytes
FROM records AS r
JOIN channels AS c ON c.id = r.channel_id
JOIN events AS e ON e.id = r.event_id;
)sql";

std::unexpected<Error> os_failure(std::string_view doing, const std::filesystem::path& file, int number) {
  const bool full = number == ENOSPC || number == EDQUOT;
  return fail(full ? ErrorCode::out_of_space : ErrorCode::io,
              fmt::format("cannot {} {}: {}; {}", doing, file.string(), std::generic_category().message(number),
                          full ? "make room on its disk" : "check the owner and permissions of file and directory"));
}

std::unexpected<Error> foreign(const std::filesystem::path& file, std::string_view what) {
  return fail(ErrorCode::foreign,
              fmt::format("{} is {}; it was left untouched, point --data to another directory", file.string(), what));
}

std::unexpected<Error> damaged_header(const std::filesystem::path& file) {
  return fail(ErrorCode::corrupt, fmt::format("the header of {} is damaged; {}", file.string(), kDamageAdvice));
}

/// Whatever the file says: records were acknowledged in this directory.
bool head_floor_knows(const std::filesystem::path& file) {
  const auto noted = HeadFloor::read(file.parent_path());
  return noted && *noted;
}

std::unexpected<Error> newer(const std::filesystem::path& file, std::int64_t format) {
  return fail(
      ErrorCode::foreign,
      fmt::format("{} has format {} and this Tidemark reads up to {}; it was left untouched, use a newer Tidemark",
                  file.string(), format, kFormat));
}

std::uint32_t big_endian(const unsigned char* bytes) {
  return (std::uint32_t{bytes[0]} << 24) | (std::uint32_t{bytes[1]} << 16) | (std::uint32_t{bytes[2]} << 8) | bytes[3];
}

/// SQLite's documented file header: the first 100 bytes.
struct Header {
  std::array<unsigned char, 100> bytes{};
  std::size_t size = 0;

  [[nodiscard]] bool is_database() const {
    return size == bytes.size() && std::memcmp(bytes.data(), "SQLite format 3", 16) == 0;
  }
  [[nodiscard]] std::uint32_t page_bytes() const {
    const std::uint32_t value = (std::uint32_t{bytes[16]} << 8) | bytes[17];
    return value == 1 ? 65'536 : value;
  }
  /// SQLite takes what stands here as the shape of every page, and would write by it. Ours are of one shape.
  [[nodiscard]] bool has_our_pages() const {
    return page_bytes() == kPageBytes && bytes[20] == 0 && bytes[21] == 64 && bytes[22] == 32 && bytes[23] == 32;
  }
  /// Nothing, where it was not written by the same change as the rest of the header.
  [[nodiscard]] std::uint64_t file_bytes() const {
    const bool current = big_endian(bytes.data() + 24) == big_endian(bytes.data() + 92);
    return current ? std::uint64_t{big_endian(bytes.data() + 28)} * page_bytes() : 0;
  }
  [[nodiscard]] std::uint32_t user_version() const { return big_endian(bytes.data() + 60); }
  [[nodiscard]] std::uint32_t application_id() const { return big_endian(bytes.data() + 68); }
};

Result<Header> read_header(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return os_failure("read", file, errno);
  Header header;
  const auto got = ::read(descriptor, header.bytes.data(), header.bytes.size());
  const int number = errno;
  ::close(descriptor);
  if (got < 0) return os_failure("read", file, number);
  header.size = static_cast<std::size_t>(got);
  return header;
}

/// Sets a pragma and reads it back: SQLite ignores what it does not know or cannot do.
Result<void> set(Connection& connection, std::string_view pragma, std::string_view value, std::string_view expected) {
  // journal_mode may fail when set, the others say so only when they are read.
  if (auto done = connection.text(fmt::format("PRAGMA {}={}", pragma, value));
      !done && done.error().code != ErrorCode::not_found) {
    return std::unexpected(done.error());
  }
  const auto now = connection.text(fmt::format("PRAGMA {}", pragma));
  if (!now) return std::unexpected(now.error());
  if (*now == expected) return {};
  return fail(ErrorCode::io,
              fmt::format("SQLite keeps {} at {} instead of {}; the log needs a local disk", pragma, *now, expected));
}

void remove_quietly(const std::filesystem::path& file, std::initializer_list<const char*> suffixes) {
  for (const char* suffix : suffixes) {
    std::error_code ignored;  // what could not be removed is in the way of what follows, which says so
    std::filesystem::remove(file.string() + suffix, ignored);
  }
}

Result<void> fill(const std::filesystem::path& file, Epoch epoch) {
  auto connection = Connection::open(file, Access::create);
  if (!connection) return std::unexpected(connection.error());
  const auto sql = fmt::format(
      "PRAGMA page_size={};PRAGMA synchronous=FULL;BEGIN IMMEDIATE;{}"
      "INSERT INTO meta VALUES('epoch','{}'),('next_offset',1),('trimmed_before',1);"
      "PRAGMA application_id={};PRAGMA user_version={};COMMIT;",
      kPageBytes, kSchema, epoch.text(), kApplicationId, kFormat);
  if (auto filled = connection->run(sql.c_str()); !filled) return filled;
  return set(*connection, "journal_mode", "WAL", "wal");
}

/// Makes the database beside its place, whole and flushed, and only then gives it its name: whenever the power goes,
/// what is called tidemark.sqlite3 is never half a log. Bigger pages were slower to append to at every batch size.
/// auto_vacuum stays off: freed pages are used again by the next records, and keeping the file movable costs a page per
/// commit.
Result<void> create(const std::filesystem::path& file, Epoch epoch) {
  const std::filesystem::path unfinished = file.string() + ".new";
  const auto discard = [&] { remove_quietly(unfinished, {"", "-journal", "-wal", "-shm"}); };
  discard();
  // Their frames would be taken for the new file's.
  remove_quietly(file, {"-journal", "-wal", "-shm"});
  auto filled = fill(unfinished, epoch);
  if (filled) filled = flush_directory(file.parent_path());
  if (filled && ::rename(unfinished.c_str(), file.c_str()) != 0) filled = os_failure("create", file, errno);
  if (!filled) discard();
  return filled;
}

/// Asks SQLite what the header may not say yet: a creation that is still in the write-ahead log.
Result<FileState> identify(Connection& connection, const std::filesystem::path& file) {
  const auto application = connection.integer("PRAGMA application_id");
  if (!application) return std::unexpected(application.error());
  if (*application == kApplicationId) {
    const auto format = connection.integer("PRAGMA user_version");
    if (!format) return std::unexpected(format.error());
    if (*format > kFormat) return newer(file, *format);
    return FileState::tidemark;
  }
  const auto tables = connection.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::unexpected(tables.error());
  if (*application != 0 || *tables != 0) return foreign(file, "the database of another application");
  return FileState::empty;
}

struct Pragma {
  std::string_view name, value, read_back;
};

Result<Connection> open_with(const std::filesystem::path& file, FileState state, Epoch epoch_if_new,
                             std::span<const Pragma> pragmas) {
  const auto open = [&]() -> Result<Connection> {
    auto connection = Connection::open(file, Access::write);
    if (!connection) return connection;
    connection->keep_log_on_close(true);
    if (sqlite3_db_readonly(connection->handle(), "main") == 1) return os_failure("write", file, EROFS);
    return connection;
  };
  if (state == FileState::absent) {
    if (auto created = create(file, epoch_if_new); !created) return std::unexpected(created.error());
  }
  auto connection = open();
  if (!connection) return connection;
  const auto identified = identify(*connection, file);
  if (!identified) return std::unexpected(identified.error());
  if (*identified == FileState::empty) {
    *connection = Connection();
    if (auto created = create(file, epoch_if_new); !created) return std::unexpected(created.error());
    connection = open();
    if (!connection) return connection;
  }
  for (const Pragma& pragma : pragmas) {
    if (auto done = set(*connection, pragma.name, pragma.value, pragma.read_back); !done) {
      return std::unexpected(done.error());
    }
  }
  if (auto described = check_schema(*connection, file); !described) return std::unexpected(described.error());
  return connection;
}

}  // namespace

Result<FileState> inspect(const std::filesystem::path& file, Access access) {
  const bool for_writing = access == Access::write;
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    if (errno != ENOENT) return os_failure("read", file, errno);
    const auto directory = file.parent_path();
    if (for_writing && ::access(directory.c_str(), W_OK | X_OK) != 0)
      return os_failure("create a log in", directory, errno);
    return FileState::absent;
  }
  if (!S_ISREG(status.st_mode)) return foreign(file, "not a file");
  if (status.st_size == 0) return FileState::empty;

  const auto header = read_header(file);
  if (!header) return std::unexpected(header.error());
  if (!header->is_database()) {
    if (head_floor_knows(file)) return damaged_header(file);
    return foreign(file, "not an SQLite database");
  }
  // A single page may be a creation that was interrupted; SQLite is asked about that one.
  const bool single_page = status.st_size <= static_cast<off_t>(header->page_bytes());
  if (header->application_id() != kApplicationId && (header->application_id() != 0 || !single_page)) {
    const bool only_the_mark = header->user_version() == kFormat && header->has_our_pages() && head_floor_knows(file);
    if (only_the_mark && for_writing) return damaged_header(file);
    if (only_the_mark) return FileState::tidemark;
    return foreign(file, "the database of another application");
  }
  if (header->application_id() == kApplicationId && header->user_version() > kFormat) {
    return newer(file, header->user_version());
  }
  if (for_writing && header->application_id() == kApplicationId && !header->has_our_pages()) {
    return damaged_header(file);
  }
  if (for_writing && ::access(file.c_str(), W_OK) != 0) return os_failure("write", file, errno);
  const auto directory = file.parent_path();
  if (for_writing && ::access(directory.c_str(), W_OK | X_OK) != 0) return os_failure("write in", directory, errno);
  return header->application_id() == kApplicationId ? FileState::tidemark : FileState::empty;
}

Result<void> check_mark(Connection& connection, const std::filesystem::path& file) {
  const auto application = connection.integer("PRAGMA application_id");
  if (!application) return std::unexpected(application.error());
  if (*application != kApplicationId) return damaged_header(file);
  return {};
}

Result<void> check_schema(Connection& connection, const std::filesystem::path& file) {
  auto pristine = Connection::open(":memory:", Access::create);
  if (!pristine) return std::unexpected(pristine.error());
  if (auto made = pristine->run(kSchema); !made) return made;
  auto wanted = pristine->prepare("SELECT type,name,tbl_name,sql FROM sqlite_schema");
  if (!wanted) return std::unexpected(wanted.error());
  auto same = connection.prepare("SELECT 1 FROM sqlite_schema WHERE type=?1 AND name=?2 AND tbl_name=?3 AND sql IS ?4");
  if (!same) return std::unexpected(same.error());
  for (;;) {
    int code = wanted->step();
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_ROW) return pristine->error(code, "read");
    const ResetLater reset(*same);
    for (int column = 0; column < 3; ++column) same->bind_text(column + 1, wanted->bytes(column));
    same->bind_text_or_null(4, wanted->bytes(3));
    code = same->step();
    if (code == SQLITE_ROW) continue;
    if (code != SQLITE_DONE) return connection.error(code, "read");
    return failure(SQLITE_CORRUPT, file.string(),
                   fmt::format("its description of {} {} is damaged", wanted->bytes(0), wanted->bytes(1)));
  }
}

Result<void> check_length(const std::filesystem::path& file) {
  const auto header = read_header(file);
  if (!header) return std::unexpected(header.error());
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  if (error) return os_failure("read", file, error.value());
  if (!header->is_database() || bytes >= header->file_bytes()) return {};
  return failure(SQLITE_CORRUPT, file.string(),
                 fmt::format("its end is missing: it has {} of {} bytes", bytes, header->file_bytes()));
}

Result<Connection> open_writer(const std::filesystem::path& file, FileState state, Epoch epoch_if_new) {
  // FULL flushes the write-ahead log at every commit: what was acknowledged survives a power cut. The writer
  // checkpoints on its own thread (see writer.h), so the automatism is off. Debian's SQLite overwrites deleted content
  // with zeros unless told otherwise: a trim would write every page it frees. The writer does not map the file: a
  // failing disk then is an error, not a signal.
  constexpr std::array pragmas{
      Pragma{"journal_mode", "WAL", "wal"},
      Pragma{"synchronous", "FULL", "2"},
      Pragma{"wal_autocheckpoint", "0", "0"},
      Pragma{"secure_delete", "OFF", "0"},
      Pragma{"temp_store", "MEMORY", "2"},
      Pragma{"cache_size", "-16384", "-16384"},
      Pragma{"mmap_size", "0", "0"},
      Pragma{"trusted_schema", "OFF", "0"},
      Pragma{"journal_size_limit", "-1", "-1"},
  };
  return open_with(file, state, epoch_if_new, pragmas);
}

Result<Connection> open_building_writer(const std::filesystem::path& file, FileState state, Epoch epoch_if_new) {
  // Every page is written once, to where it belongs, and the kernel chooses when it reaches the disk.
  constexpr std::array pragmas{
      Pragma{"journal_mode", "OFF", "off"},
      Pragma{"synchronous", "OFF", "0"},
      Pragma{"locking_mode", "EXCLUSIVE", "exclusive"},
      Pragma{"temp_store", "MEMORY", "2"},
      Pragma{"cache_size", "-16384", "-16384"},
      Pragma{"mmap_size", "0", "0"},
      Pragma{"trusted_schema", "OFF", "0"},
  };
  return open_with(file, state, epoch_if_new, pragmas);
}

Result<Connection> open_reader(const std::filesystem::path& file) {
  auto connection = Connection::open(file, Access::read_only);
  if (!connection) return connection;
  connection->keep_log_on_close(true);
  // Reading backwards and by channel gets no read-ahead from the kernel through read calls: mapped, both are ten times
  // as fast on data that is not cached, and that is what a client returning after a week asks for. The price: a disk
  // that fails under a mapping ends the process with a signal, as if the power had gone. Nothing acknowledged is lost
  // by it. Beyond the first GiB SQLite reads as usual.
  const auto set_up = connection->run(
      "PRAGMA query_only=1; PRAGMA mmap_size=1073741824; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-4096;"
      "PRAGMA trusted_schema=OFF;");
  if (!set_up) return std::unexpected(set_up.error());
  return connection;
}

Result<Connection> open_looker(const std::filesystem::path& file, Doubt doubt) {
  auto connection = Connection::open(file, Access::untouched);
  if (!connection) return connection;
  connection->keep_log_on_close(true);
  // What it is good for here is said in no more than its name and SQLite's source: with it the pages that are there
  // count, not those that the header promises, and what cannot be parsed is passed over. Nothing is written by a reader.
  if (doubt == Doubt::ignored) {
    if (auto set_up = connection->run("PRAGMA writable_schema=1"); !set_up) return std::unexpected(set_up.error());
  }
  // Not mapped: this one reads where damage is expected, and an error is more use than a signal.
  const auto set_up = connection->run(
      "PRAGMA query_only=1; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384;"
      "PRAGMA trusted_schema=OFF;");
  if (!set_up) return std::unexpected(set_up.error());
  return connection;
}

}  // namespace tidemark::sqlite
