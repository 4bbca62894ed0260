// A line for each record as its reader wants it: "{offset} {time} {sender}: {payload}". Read once, at start-up; then any
// thread.
//
// {{ and }} stand for braces, \t \n \r \\ \0 for what they stand for in C.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "src/base/error.h"

namespace tidemark {

enum class RecordField : std::uint8_t {
  offset,
  time,
  channel,
  event,
  sender,
  key,
  payload,
  attachments,
  json,
  position
};

class RecordTemplate {
 public:
  using Piece = std::variant<std::string, RecordField>;

  /// invalid_argument: what is wrong with it, with the nearest name of a mistyped field.
  [[nodiscard]] static Result<RecordTemplate> parse(std::string_view text);

  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  void add(char c);

  std::vector<Piece> pieces_;
};

}  // namespace tidemark
