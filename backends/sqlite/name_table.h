// A dictionary the writer interns names in: channels or events. A name gets its id in the transaction that first uses
// it; if that transaction fails, it never had one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backends/sqlite/connection.h"
#include "src/base/error.h"
#include "src/base/function_ref.h"

namespace tidemark::sqlite {

class NameTable {
 public:
  /// `table` is "channels" or "events".
  [[nodiscard]] static Result<NameTable> load(Connection& connection, std::string_view table);

  /// Must be called inside the transaction that uses the id. Answers the id, or SQLite's error code as a negative
  /// number.
  [[nodiscard]] std::int64_t intern(std::string_view name);
  void visit(FunctionRef<void(std::string_view)> visitor) const {
    for (const auto& [name, id] : ids_) visitor(name);
  }
  void commit() { staged_.clear(); }
  void rollback();

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  Statement insert_;
  std::unordered_map<std::string, std::int64_t, NameHash, std::equal_to<>> ids_;
  std::int64_t next_id_ = 1;
  std::vector<std::string> staged_;  // added by the open transaction
};

}  // namespace tidemark::sqlite
