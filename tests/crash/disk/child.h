// Runs a case in a process of its own: an engine that aborts or crashes is a finding, not the end of the run.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace tidemark::crash {

/// Hands bytes to the parent at once: they arrive even if the process dies right afterwards.
using Tell = std::function<void(std::string_view)>;

struct Ended {
  std::string told;       // all that was told, in order
  std::string exception;  // what the body threw; empty if it returned or died
  std::string death;      // how the process died: "aborted", "killed by signal 11"; empty if it did not
  std::string said;       // on standard error: the engine's last words, and the journal
};

/// `body` runs in a copy of this process, which must not have other threads.
[[nodiscard]] Ended in_child(const std::function<void(const Tell&)>& body);

}  // namespace tidemark::crash
