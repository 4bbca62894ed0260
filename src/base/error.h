// Expected failures travel as Result<T>: a documented code and a sentence that says what to do. Exceptions are for
// programming errors and start-up only.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "src/base/offset.h"

namespace tidemark {

enum class ErrorCode : std::uint8_t {
  invalid_argument,  // the caller's input breaks a stated rule
  not_found,         // no such record, file or directory
  corrupt,           // stored data fails its checksum or cannot be decoded; nothing of it was delivered
  out_of_space,      // the disk (or its guard) refuses more; may pass by itself
  io,                // reading or writing failed; the handle must not be trusted again
  locked,            // another process owns the data directory
  foreign,           // the file or directory is something else, of another engine or of a newer format
  closed,            // the object was closed before the call
};

[[nodiscard]] std::string_view name(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string context;  // a whole sentence for a person: what failed, on what, and what to do
  Offset record{};      // the one that it is about, for programs; 0: it is about none, or about many
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string context, Offset record = {}) {
  return std::unexpected(Error{code, std::move(context), record});
}

}  // namespace tidemark
