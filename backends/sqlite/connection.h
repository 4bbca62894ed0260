// SQLite's handles as resources: a connection and a prepared statement, and its result codes as our errors.
//
// A connection and its statements belong to one thread at a time (they are opened without SQLite's own mutex).
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "src/base/error.h"

namespace tidemark::sqlite {

/// The error for SQLite's result `code`: full -> out_of_space, corrupt -> corrupt, not a database -> foreign,
/// busy -> locked, anything else -> io. `what` begins the sentence: "cannot append to /data/tidemark.sqlite3".
/// `system_errno`: of the call that failed, if any did. It tells a full disk where SQLite does not say so and going on is
/// harmless: a file that could not be created or enlarged. A flush that failed is `io` whatever the reason was.
[[nodiscard]] std::unexpected<Error> failure(int code, std::string_view what, std::string_view message,
                                             int system_errno = 0);

/// Arguments are bound by reference: they must stay valid until reset().
class Statement {
 public:
  [[nodiscard]] explicit operator bool() const { return statement_ != nullptr; }

  void bind(int parameter, std::int64_t value);
  void bind_text(int parameter, std::string_view text);
  void bind_text_or_null(int parameter, std::string_view text);
  void bind_blob(int parameter, std::string_view bytes);
  void bind_blob_or_null(int parameter, std::string_view bytes);

  /// SQLITE_ROW, SQLITE_DONE or an error code.
  [[nodiscard]] int step() { return sqlite3_step(statement_.get()); }
  void reset() { sqlite3_reset(statement_.get()); }

  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  /// Text or blob; empty for NULL. Valid until the next step or reset.
  [[nodiscard]] std::string_view bytes(int column) const;
  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Resets a statement at the end of a scope, so that no cursor outlives the page it was for.
class ResetLater {
 public:
  explicit ResetLater(Statement& statement) : statement_(statement) {}
  ResetLater(const ResetLater&) = delete;
  ResetLater& operator=(const ResetLater&) = delete;
  ~ResetLater() { statement_.reset(); }

 private:
  Statement& statement_;
};

enum class Access : std::uint8_t {
  create,
  write,
  read_only,
  untouched,  // as read_only, but nothing beside the file is created or changed either: nobody may write meanwhile
};

class Connection {
 public:
  [[nodiscard]] static Result<Connection> open(const std::filesystem::path& file, Access access);

  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// Runs one or more statements that answer nothing.
  [[nodiscard]] Result<void> run(const char* sql);
  /// The first column of the first row; not_found if there is no row.
  [[nodiscard]] Result<std::int64_t> integer(std::string_view sql);
  [[nodiscard]] Result<std::string> text(std::string_view sql);

  /// The error of the call that just answered `code`. `doing` is a verb: "append to".
  [[nodiscard]] std::unexpected<Error> error(int code, std::string_view doing) const;

  /// No transaction is open (also after SQLite rolled one back by itself).
  [[nodiscard]] bool idle() const { return sqlite3_get_autocommit(database_.get()) != 0; }
  [[nodiscard]] sqlite3* handle() const { return database_.get(); }
  /// Flushes the write-ahead log as it is, without a commit.
  [[nodiscard]] Result<void> flush_log();
  /// Whether closing the last connection leaves the write-ahead log as it is, instead of moving it into the file.
  void keep_log_on_close(bool keep);

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  std::unique_ptr<sqlite3, Close> database_;
  std::string file_;
};

}  // namespace tidemark::sqlite
