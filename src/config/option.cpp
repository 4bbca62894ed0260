#include "src/config/option.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <type_traits>

#include "src/base/limits.h"
#include "src/config/value_text.h"

namespace tidemark {
namespace {

std::string bound_text(const Option& option, std::uint64_t bound) {
  if (option.kind == ValueKind::bytes) return bytes_text(bound);
  if (option.kind == ValueKind::duration) return duration_text(Millis(bound));
  return std::to_string(bound);
}

std::string expectation(const Option& option) {
  const auto between = [&](std::string_view what) {
    return fmt::format("must be {} from {} to {}", what, bound_text(option, option.min),
                       bound_text(option, option.max));
  };
  if (option.kind == ValueKind::bytes) return fmt::format("{}: {}", between("a size"), bytes_form());
  if (option.kind == ValueKind::duration) return fmt::format("{}: {}", between("a time"), duration_form());
  return between("a number");
}

std::optional<std::uint64_t> parse_quantity(ValueKind kind, std::string_view text) {
  if (kind == ValueKind::bytes) return parse_bytes(text);
  if (kind == ValueKind::number) return parse_number(text);
  const auto duration = parse_duration(text);
  return duration ? std::optional(static_cast<std::uint64_t>(duration->count())) : std::nullopt;
}

/// The value in the field's own type; quantities were checked against the option's bounds, which fit the field.
template <class T>
T converted(const Option& option, const std::string& text) {
  if constexpr (std::is_same_v<T, bool>) {
    return text == "true";
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>) {
    return T(text);
  } else {
    return T(static_cast<T>(*parse_quantity(option.kind, text)));
  }
}

std::string problem_with(const Option& option, const std::string& text) {
  switch (option.kind) {
    case ValueKind::choice:
      if (std::ranges::find(option.choices, text) == option.choices.end())
        return fmt::format("must be one of {}", fmt::join(option.choices, ", "));
      return {};
    case ValueKind::none: return text == "true" || text == "false" ? std::string() : "must be true or false";
    case ValueKind::text:
    case ValueKind::list: return option.problem ? std::string(option.problem(text)) : std::string();
    case ValueKind::number:
    case ValueKind::bytes:
    case ValueKind::duration: {
      const auto quantity = parse_quantity(option.kind, text);
      return quantity && *quantity >= option.min && *quantity <= option.max ? std::string() : expectation(option);
    }
  }
  return {};
}

}  // namespace

std::string Option::flag() const { return fmt::format("--{}", name); }

std::string Option::variable() const {
  std::string out(kVariablePrefix);
  for (const char c : name) out += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
  return out;
}

std::expected<void, Option::Refusal> Option::assign(std::span<const std::string> values,
                                                    CommandOptions& options) const {
  for (const auto& value : values) {
    if (auto wrong = problem_with(*this, value); !wrong.empty())
      return std::unexpected(Refusal{value, std::move(wrong)});
  }
  if (repeatable() && (values.size() < min || values.size() > limits::kOptionListEntries)) {
    return std::unexpected(Refusal{fmt::format("{}", fmt::join(values, ", ")),
                                   fmt::format("takes {} to {} of them", min, limits::kOptionListEntries)});
  }
  std::visit(
      [&]<class T, class Options>(T Options::*member) {
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          (options.*member).assign(values.begin(), values.end());
        } else {
          options.*member = converted<T>(*this, values.back());
        }
      },
      field);
  return {};
}

std::vector<std::string> Option::items(const CommandOptions& options) const {
  return std::visit(
      [&]<class T, class Options>(T Options::*member) -> std::vector<std::string> {
        const T& value = options.*member;
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          return value;
        } else if constexpr (std::is_same_v<T, std::string>) {
          return {value};
        } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
          return {value.string()};
        } else if constexpr (std::is_same_v<T, bool>) {
          return {value ? "true" : "false"};
        } else if constexpr (std::is_same_v<T, Millis>) {
          return {duration_text(value)};
        } else {
          return {bound_text(*this, value)};
        }
      },
      field);
}

}  // namespace tidemark
