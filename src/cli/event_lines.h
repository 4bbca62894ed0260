// An event stream (Server-Sent Events), line by line: WHATWG HTML, "Interpreting an event stream".
#pragma once

#include <string>
#include <string_view>

namespace tidemark::cli {

struct EventLines {
  std::string name, data;  // of the event so far

  /// Takes the next line, without its line feed. True: an event is complete; clear() before the next line.
  [[nodiscard]] bool take(std::string_view line);
  void clear();
};

}  // namespace tidemark::cli
