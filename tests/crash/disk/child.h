// Runs a case in a process of its own: an engine that aborts or crashes is a finding, not the end of the run.
#pragma once

#include <functional>
#include <string>

namespace tidemark::crash {

struct Ended {
  std::string output;  // what the body answered, complete only if it returned
  std::string death;   // empty, or how the process ended instead: "aborted", "killed by signal 11", "threw: ..."
  std::string said;    // on standard error
};

/// `body` runs in a copy of this process, which must not have other threads.
[[nodiscard]] Ended in_child(const std::function<std::string()>& body);

}  // namespace tidemark::crash
