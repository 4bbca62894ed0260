// What opening a log says to a user who has no rights to its files.
#pragma once

#include <memory>
#include <string>

#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/log/log_store.h"

namespace tidemark::contract {

/// "opened", or the error's name and sentence. `open` runs in a process of its own, as that user.
[[nodiscard]] std::string said_to_nobody(FunctionRef<Result<std::unique_ptr<LogStore>>()> open);

}  // namespace tidemark::contract
