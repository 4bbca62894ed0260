// The name somebody probably meant: "prot" is most likely "port". For flags, variables, keys and commands alike.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace tidemark {

/// The closest of `names`, if one is close enough to suggest: at most a third of the letters differ (one swap of
/// neighbours counts as one), or the input is the beginning of it. Case counts for nothing, '_' is '-'.
[[nodiscard]] std::optional<std::string_view> nearest_name(std::string_view input,
                                                           std::span<const std::string_view> names);

}  // namespace tidemark
