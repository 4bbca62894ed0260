#include "backends/sqlite/connection.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "src/log/damage.h"

namespace tidemark::sqlite {
namespace {

/// How long a call waits for a lock that another connection holds (a person's sqlite3 shell, say).
constexpr int kBusyTimeoutMs = 5'000;

constexpr int kFlags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;

int flags(Access access) {
  switch (access) {
    case Access::create: return kFlags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Access::write: return kFlags | SQLITE_OPEN_READWRITE;
    case Access::read_only: return kFlags | SQLITE_OPEN_READONLY;
    case Access::untouched: return kFlags | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
  }
  return kFlags | SQLITE_OPEN_READONLY;
}

/// SQLITE_FULL in all but name. The index of the write-ahead log is one more file that may have to grow, by 32 KiB each
/// 4,000 pages or so. What it holds can be lost at any time, so that nothing speaks against going on when it could not,
/// whatever the reason was (SQLite does not keep it). And SQLite does not know that a quota is a limit of space.
bool no_room(int code, int system_errno) {
  switch (code) {
    case SQLITE_IOERR_SHMSIZE: return true;
    case SQLITE_IOERR_SHMOPEN:
    case SQLITE_IOERR_SHMMAP:
    case SQLITE_IOERR_WRITE:
    case SQLITE_CANTOPEN: return system_errno == ENOSPC || system_errno == EDQUOT;
    default: return false;
  }
}

/// sqlite.org/uri.html. With a write-ahead log the file is not immutable: its newest pages are in there.
std::string untouched_uri(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02x}", static_cast<unsigned>(c));
    } else {
      uri += c;
    }
  }
  std::error_code no_log;
  const auto log_bytes = std::filesystem::file_size(file.string() + "-wal", no_log);
  return no_log || log_bytes == 0 ? uri + "?immutable=1" : uri;
}

}  // namespace

std::unexpected<Error> failure(int code, std::string_view what, std::string_view message, int system_errno) {
  if (no_room(code, system_errno)) code = SQLITE_FULL;
  const auto sentence = [&](std::string_view advice) { return fmt::format("{}: {}; {}", what, message, advice); };
  switch (code & 0xff) {
    case SQLITE_FULL: return fail(ErrorCode::out_of_space, sentence("make room on its disk"));
    case SQLITE_CORRUPT: return fail(ErrorCode::corrupt, sentence(kDamageAdvice));
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG: return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", what, message));
    case SQLITE_NOTADB: return fail(ErrorCode::foreign, sentence("point --data to another directory"));
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return fail(ErrorCode::locked, sentence("close the other program that has it open"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN: return fail(ErrorCode::io, sentence("check the owner and permissions of file and directory"));
    default:
      return fail(ErrorCode::io, sentence(fmt::format("check the disk and the kernel's log (SQLite code {})", code)));
  }
}

void Statement::bind(int parameter, std::int64_t value) { sqlite3_bind_int64(statement_.get(), parameter, value); }

void Statement::bind_text(int parameter, std::string_view text) {
  // A null pointer would be NULL; an empty view may have one.
  sqlite3_bind_text64(statement_.get(), parameter, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_text_or_null(int parameter, std::string_view text) {
  if (text.empty()) {
    sqlite3_bind_null(statement_.get(), parameter);
  } else {
    bind_text(parameter, text);
  }
}

void Statement::bind_blob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), parameter, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
}

void Statement::bind_blob_or_null(int parameter, std::string_view bytes) {
  if (bytes.empty()) {
    sqlite3_bind_null(statement_.get(), parameter);
  } else {
    bind_blob(parameter, bytes);
  }
}

std::string_view Statement::bytes(int column) const {
  // The size first: the database is UTF-8, so that nothing is converted, and a field that is empty costs one call.
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  if (size == 0) return {};
  return {static_cast<const char*>(sqlite3_column_blob(statement_.get(), column)), size};
}

Result<Connection> Connection::open(const std::filesystem::path& file, Access access) {
  Connection connection;
  connection.file_ = file.string();
  sqlite3* database = nullptr;
  const bool untouched = access == Access::untouched;
  const int code = sqlite3_open_v2(untouched ? untouched_uri(file).c_str() : file.c_str(), &database, flags(access),
                                   untouched ? "unix-none" : nullptr);
  connection.database_.reset(database);
  if (code != SQLITE_OK) return connection.error(code, "open");
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  // Held exclusively, which without locks is only a word, the index of the write-ahead log is kept in memory instead of
  // in a file.
  if (untouched) {
    if (auto set = connection.run("PRAGMA locking_mode=EXCLUSIVE"); !set) return std::unexpected(set.error());
  }
  return connection;
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return error(code, "use");
  Statement result;
  result.statement_.reset(statement);
  return result;
}

Result<void> Connection::run(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code, "use");
  return {};
}

Result<std::int64_t> Connection::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const int code = statement->step();
  if (code == SQLITE_ROW) return statement->integer(0);
  if (code == SQLITE_DONE) return fail(ErrorCode::not_found, fmt::format("{} lacks: {}", file_, sql));
  return error(code, "read");
}

Result<std::string> Connection::text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const int code = statement->step();
  if (code == SQLITE_ROW) return std::string(statement->bytes(0));
  if (code == SQLITE_DONE) return fail(ErrorCode::not_found, fmt::format("{} lacks: {}", file_, sql));
  return error(code, "read");
}

std::unexpected<Error> Connection::error(int code, std::string_view doing) const {
  const auto what = fmt::format("cannot {} {}", doing, file_);
  if (!database_) return failure(code, what, sqlite3_errstr(code));
  // The connection's own words are better, if they are about this failure.
  const bool its_own = sqlite3_extended_errcode(database_.get()) == code;
  return failure(code, what, its_own ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code),
                 sqlite3_system_errno(database_.get()));
}

Result<void> Connection::flush_log() {
  sqlite3_file* log = nullptr;
  int code = sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (code == SQLITE_OK && log != nullptr && log->pMethods != nullptr) {
    code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  }
  if (code == SQLITE_OK) return {};
  return failure(code, fmt::format("cannot flush the write-ahead log of {}", file_), sqlite3_errstr(code));
}

void Connection::keep_log_on_close(bool keep) {
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 1 : 0, nullptr);
}

}  // namespace tidemark::sqlite
