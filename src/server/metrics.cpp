#include "src/server/metrics.h"

#include <fmt/format.h>

#include <iterator>

#include "src/server/io_thread.h"
#include "src/server/refusals.h"
#include "src/server/service.h"

namespace tidemark {
namespace {

void append_head(std::string& out, std::string_view metric, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", metric, help, metric, type);
}

void append_value(std::string& out, std::string_view metric, std::string_view type, std::string_view help,
                  std::uint64_t value) {
  append_head(out, metric, type, help);
  fmt::format_to(std::back_inserter(out), "{} {}\n", metric, value);
}

}  // namespace

std::string metrics_text(const Service& service) {
  std::string out;
  std::uint64_t connections = 0;
  for (const auto& thread : service.threads) connections += thread->connection_count();
  append_value(out, "tidemark_connections", "gauge", "Open connections.", connections);
  append_value(out, "tidemark_sessions_remembered", "gauge", "Sessions, live and within the recovery window.",
               service.sessions.size());
  append_value(out, "tidemark_sessions_forgotten_total", "counter",
               "Sessions that their clients could have come back to, had there been room to remember them.",
               service.sessions.forgotten());
  append_value(out, "tidemark_log_first_offset", "gauge", "Oldest record kept.", service.log.first().value());
  append_value(out, "tidemark_log_head_offset", "gauge", "Newest durable record.", service.log.head().value());
  append_value(out, "tidemark_log_read_failures_total", "counter",
               "Clients that met a part of the log that could not be read; see /readyz.",
               service.read_failures.count());
  append_head(out, "tidemark_refusals_total", "counter",
              "What was refused, by the limit it met; see docs/security.md.");
  for (std::size_t i = 0; i < kRefusedKinds; ++i) {
    const auto kind = static_cast<Refused>(i);
    fmt::format_to(std::back_inserter(out), "tidemark_refusals_total{{limit=\"{}\"}} {}\n", name(kind),
                   service.refusals.of(kind));
  }
  return out;
}

}  // namespace tidemark
