// The journal: structured lines about what the service does, one event each, on standard error. Not to be confused with
// the log, which holds the users' records.
//
//   time=2026-11-23T10:02:11.123Z level=info event=serving url=http://localhost:3000 engine=sqlite head=1204
//
// Never a payload, a secret or a whole pid. Any thread; a line is one write. Above debug, an event brings at most 20 lines
// a second; the next line then says how many of its kind were suppressed.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace tidemark::journal {

enum class Level : std::uint8_t { debug, info, warning, error, none };

struct Field {
  std::string_view key;
  std::string value;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  template <class T>
  requires std::is_arithmetic_v<T> Field(std::string_view k, T v) : key(k), value(fmt::format("{}", v)) {}
};

/// Lines below this level are dropped, all of them below none. Default: info.
void set_level(Level level);

/// `event` must be a literal: it is remembered.
void write(Level level, std::string_view event, std::initializer_list<Field> fields);

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::info, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::warning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::error, event, fields);
}

/// Renders one line without its newline: what `write` writes. Values are quoted where logfmt needs it; control
/// characters are escaped so that no input can forge a line.
[[nodiscard]] std::string render(std::int64_t unix_ms, Level level, std::string_view event,
                                 std::initializer_list<Field> fields);

}  // namespace tidemark::journal
