// `tidemark --version`.
#pragma once

#include <string>

namespace tidemark::cli {

/// The version and that of each library it runs on, a line each.
[[nodiscard]] std::string version_text();

}  // namespace tidemark::cli
