// The members of a JSON object, by name and type. Views into the object's text. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/record.h"

namespace tidemark::cli {

class JsonMembers {
 public:
  /// Nothing unless `text` is one object, nested as deep as a record at most.
  [[nodiscard]] static std::optional<JsonMembers> of(std::string_view text);

  /// The exact bytes of a value; empty: it is not there. Of doubled ones the last.
  [[nodiscard]] std::string_view raw(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  [[nodiscard]] std::optional<TimeMs> time(std::string_view name) const;
  [[nodiscard]] std::optional<JsonMembers> object(std::string_view name) const;
  /// The objects of an array, whatever else is in it; none where it is not there.
  [[nodiscard]] std::vector<JsonMembers> objects(std::string_view name) const;

 private:
  explicit JsonMembers(std::string_view valid_object) : object_(valid_object) {}

  std::string_view object_;
};

}  // namespace tidemark::cli
