#include "backends/sqlite/name_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/base/limits.h"

namespace tidemark::sqlite {

Result<NameTable> NameTable::load(Connection& connection, std::string_view table) {
  NameTable result;
  auto insert = connection.prepare(fmt::format("INSERT INTO {}(id,name) VALUES(?1,?2)", table));
  if (!insert) return std::unexpected(insert.error());
  result.insert_ = std::move(*insert);

  auto rows = connection.prepare(fmt::format("SELECT id,name FROM {} ORDER BY id", table));
  if (!rows) return std::unexpected(rows.error());
  int code = SQLITE_ROW;
  while ((code = rows->step()) == SQLITE_ROW) {
    result.ids_.emplace(rows->bytes(1), rows->integer(0));
    result.next_id_ = std::max(result.next_id_, rows->integer(0) + 1);
  }
  if (code != SQLITE_DONE) return connection.error(code, "read");
  return result;
}

std::int64_t NameTable::intern(std::string_view name) {
  if (const auto found = ids_.find(name); found != ids_.end()) return found->second;
  if (next_id_ >= static_cast<std::int64_t>(limits::kStoredNames)) return -SQLITE_TOOBIG;
  insert_.bind(1, next_id_);
  insert_.bind_text(2, name);
  const ResetLater reset(insert_);
  if (const int code = insert_.step(); code != SQLITE_DONE) return -code;
  ids_.emplace(name, next_id_);
  staged_.emplace_back(name);
  return next_id_++;
}

void NameTable::rollback() {
  for (const std::string& name : staged_) ids_.erase(name);
  next_id_ -= static_cast<std::int64_t>(staged_.size());
  staged_.clear();
}

}  // namespace tidemark::sqlite
