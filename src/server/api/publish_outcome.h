// What is said of a publish over HTTP, one record's or each of many. I/O thread.
#pragma once

#include <optional>
#include <string>

#include "src/log/log.h"
#include "src/server/api/parameters.h"

namespace tidemark {

struct Service;

/// The line of a record that is durable: {"offset":18,"duplicate":false}
void append_stored(std::string& out, const Outcome& outcome);

/// Why a draft was not stored, counted among the refusals; nothing: it is.
[[nodiscard]] std::optional<ApiError> refusal_of(const Outcome& outcome, Service& service);
/// The connection publishes more often than it may (--publish-rate); counted.
[[nodiscard]] ApiError rate_exceeded(Service& service);
/// The server shuts down.
[[nodiscard]] ApiError closing();

}  // namespace tidemark
