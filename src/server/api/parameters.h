// The parameters of an API request: what stands behind the question mark, checked. A name that is not known is an error,
// too: a mistyped `afer=17` must not answer everything. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/offset.h"
#include "src/base/record.h"

namespace tidemark {

/// Why a request was not done, as `{"error":{"code":...,"message":...,"offset":17}}` under `status`.
struct ApiError {
  int status = 400;
  std::string_view code;
  std::string message;  // a sentence that says what to do
  Offset record{};      // the one that it is about; 0: about none, and the answer has no offset
};

[[nodiscard]] std::string to_json(const ApiError& error);

class Parameters {
 public:
  /// `query` is what follows the question mark, still encoded.
  [[nodiscard]] static std::expected<Parameters, ApiError> read(std::string_view query,
                                                                std::span<const std::string_view> known);

  /// Nothing where it was not given.
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  [[nodiscard]] std::expected<std::optional<std::uint64_t>, ApiError> number(std::string_view name, std::uint64_t min,
                                                                             std::uint64_t max) const;
  [[nodiscard]] std::expected<std::optional<Offset>, ApiError> offset(std::string_view name) const;
  [[nodiscard]] std::expected<std::optional<TimeMs>, ApiError> time(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> given_;
};

/// What is wrong with one parameter: its name and what it must be.
[[nodiscard]] ApiError wrong_parameter(std::string_view name, std::string_view expectation);

}  // namespace tidemark
