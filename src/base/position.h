// A position: where a client stands in a log, as one opaque string "<epoch>.<offset>".
//
// It ends every event that is sent, so that the stock Socket.IO client stores it by itself and hands it back as
// `offset` at CONNECT. Epoch and offset travel in one string so that no client can pair an old one with a new one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/base/epoch.h"
#include "src/base/offset.h"

namespace tidemark {

struct Position {
  Epoch epoch;
  Offset offset;

  /// "3f9c2a7be01d4c58.17"
  [[nodiscard]] std::string text() const;
  /// Nothing for any text that `text()` could not have made (leading zeros, signs, blanks, offsets of 2^53 or more).
  [[nodiscard]] static std::optional<Position> parse(std::string_view text);

  friend constexpr bool operator==(const Position&, const Position&) = default;
};

}  // namespace tidemark
