// How a command ends: its exit status, and the one line of an error.
#pragma once

#include <fmt/format.h>

#include <cstdio>

#include "src/base/error.h"

namespace tidemark::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInterrupted = 130;  // as shells count SIGINT

inline int complain(const Error& error, int status) {
  fmt::print(stderr, "tidemark: {}\n", error.context);
  return status;
}

/// Usage mistakes are told from what went wrong.
inline int exit_status_of(const Error& error) {
  return error.code == ErrorCode::invalid_argument ? kExitUsage : kExitFailure;
}

}  // namespace tidemark::cli
