#include "src/base/journal.h"

#include <fmt/chrono.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <map>
#include <mutex>
#include <utility>

namespace tidemark::journal {
namespace {

std::atomic<Level> threshold{Level::info};

constexpr std::size_t kValueBytes = 512;  // longer values are cut: a journal line is for people

std::string_view text(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
    case Level::none: break;
  }
  return "unknown";
}

bool is_plain(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](unsigned char c) {
    return c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7f;
  });
}

void append_value(std::string& out, std::string_view value) {
  const bool cut = value.size() > kValueBytes;
  value = value.substr(0, kValueBytes);
  if (!cut && is_plain(value)) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += cut ? "...\"" : "\"";
}

/// How many lines of each event a second may bring. What one client can provoke must not fill a disk or stall a thread.
class RateLimit {
 public:
  /// Whether this line may be written; if so, `suppressed` says how many of its event were not since the last that was.
  bool admit(std::string_view event, std::int64_t second, std::uint64_t& suppressed) {
    const std::lock_guard lock(mutex_);
    Window& window = windows_[event];
    if (window.second != second) {
      window.second = second;
      window.lines = 0;
    }
    if (window.lines == kLinesPerSecond) {
      ++window.suppressed;
      return false;
    }
    ++window.lines;
    suppressed = std::exchange(window.suppressed, 0);
    return true;
  }

 private:
  static constexpr int kLinesPerSecond = 20;
  struct Window {
    std::int64_t second = 0;
    int lines = 0;
    std::uint64_t suppressed = 0;
  };
  std::mutex mutex_;
  std::map<std::string_view, Window> windows_;  // keys are the callers' literals: there are as many as kinds of event
};

}  // namespace

void set_level(Level level) { threshold.store(level, std::memory_order_relaxed); }

std::string render(std::int64_t unix_ms, Level level, std::string_view event, std::initializer_list<Field> fields) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::string line = fmt::format("time={:%Y-%m-%dT%H:%M:%S}.{:03}Z level={} event=", fmt::gmtime(seconds),
                                 unix_ms % 1000, text(level));
  append_value(line, event);
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value);
  }
  return line;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (level < threshold.load(std::memory_order_relaxed)) return;
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  static RateLimit limit;
  std::uint64_t suppressed = 0;
  // Debug lines are asked for, and wanted whole.
  if (level != Level::debug && !limit.admit(event, now.count() / 1000, suppressed)) return;
  auto line = render(now.count(), level, event, fields);
  if (suppressed > 0) fmt::format_to(std::back_inserter(line), " suppressed={}", suppressed);
  line += '\n';
  // A journal that cannot be written has nowhere to say so.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace tidemark::journal
