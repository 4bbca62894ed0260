// An option of a command: a flag, a variable, a key of the file, and what may be said about it. The table of all of them is
// in option_table.h.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "src/base/clock.h"
#include "src/config/command_table.h"
#include "src/config/options.h"

namespace tidemark {

/// How the text of a value is read and written.
enum class ValueKind : std::uint8_t {
  text,
  choice,
  number,
  bytes,
  duration,
  list,
  none,  // a flag that is given or not
};

/// Which commands take an option.
using CommandSet = std::uint32_t;
[[nodiscard]] constexpr CommandSet only(CommandId id) { return CommandSet{1} << static_cast<unsigned>(id); }

struct Option {
  using Field = std::variant<std::string ServeOptions::*, std::filesystem::path ServeOptions::*,
                             std::uint16_t ServeOptions::*, unsigned ServeOptions::*, std::uint64_t ServeOptions::*,
                             Millis ServeOptions::*, std::vector<std::string> ServeOptions::*, bool CommandOptions::*,
                             std::string CommandOptions::*, std::uint64_t CommandOptions::*,
                             std::vector<std::string> CommandOptions::*, Millis CommandOptions::*>;

  std::string_view group;  // heading; options of one group stand together
  std::string_view name;   // "ping-interval"
  Field field;             // where the value goes
  ValueKind kind;
  std::string_view value_name;  // "MS"
  std::string_view help;        // one or two sentences
  std::uint64_t min = 0;        // of a number, bytes or milliseconds
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
  std::span<const std::string_view> choices{};
  /// Empty if a text or a list's item will do, else what is wrong with it.
  std::string_view (*problem)(std::string_view) = nullptr;
  bool in_file = true;
  bool secret = false;  // its value is in no message and no line of the journal
  CommandSet commands = only(CommandId::serve);
  std::string_view otherwise{};  // what is taken if nobody says, where that is not the field's default
  char letter = '\0';            // -f for --follow
  bool flag_only = false;        // of one call of a command: no variable and no key of the file speaks for it

  [[nodiscard]] bool taken_by(CommandId id) const { return (commands & only(id)) != 0; }
  [[nodiscard]] bool repeatable() const { return kind == ValueKind::list; }
  [[nodiscard]] std::string flag() const;      // "--ping-interval"
  [[nodiscard]] std::string variable() const;  // "TIDEMARK_PING_INTERVAL"

  /// Checks the values and stores them, of an option that is not repeatable the last: a wrapper's flag can be
  /// overridden. The error is what is wrong, for a caller that knows where it was written; its
  /// second part is the value it is about.
  struct Refusal {
    std::string value, problem;
  };
  [[nodiscard]] std::expected<void, Refusal> assign(std::span<const std::string> values, CommandOptions& options) const;

  /// The items as they would be written: one, or those of the list.
  [[nodiscard]] std::vector<std::string> items(const CommandOptions& options) const;
};

inline constexpr std::string_view kVariablePrefix = "TIDEMARK_";

}  // namespace tidemark
