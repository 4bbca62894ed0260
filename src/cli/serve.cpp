#include "src/cli/serve.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "backends/registry.h"
#include "src/base/journal.h"
#include "src/base/limits.h"
#include "src/cli/exit_status.h"
#include "src/cli/opening_notice.h"
#include "src/cli/progress.h"
#include "src/config/data_directory.h"
#include "src/config/options.h"
#include "src/log/believed_time.h"
#include "src/log/holes.h"
#include "src/server/server.h"

namespace tidemark::cli {
namespace {

journal::Level level_of(std::string_view name) {
  if (name == "debug") return journal::Level::debug;
  if (name == "warning") return journal::Level::warning;
  if (name == "error") return journal::Level::error;
  return journal::Level::info;
}

/// The process ends here as if it had been killed, which it may be at any moment: what was acknowledged is durable.
/// Only what a signal handler may do (signal-safety(7)).
void stop_at_once(int number) {
  constexpr std::string_view text =
      "tidemark: stopping at once: a second signal came before everybody was told; nothing that was acknowledged is "
      "lost (with --backend memory everything is)\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  std::signal(number, SIG_DFL);
  std::raise(number);
}

/// SIGTERM and ctrl-C, from its construction on: whoever reads that the server serves may end it at once.
class EndSignals {
 public:
  EndSignals() : signals_(context_, SIGINT, SIGTERM) {}

  /// Blocks until one came. A second one ends the process at once.
  void wait() {
    signals_.async_wait([](const SystemError&, int number) {
      journal::info("stopping", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
    });
    context_.run();
    signals_.clear();
    std::signal(SIGINT, stop_at_once);
    std::signal(SIGTERM, stop_at_once);
  }

 private:
  asio::io_context context_;
  asio::signal_set signals_;
};

/// An empty new log in place of a full one is what a mistyped --data looks like: it is said in words.
std::string log_text(const Log& log, const StoreStats& stats, const std::string& place, bool created) {
  if (created) return fmt::format("created a new log in {}", place);
  return fmt::format("opened: {}, head {}", counted(stats.records, "record"), log.head().value());
}

/// That the engine is not the default one, though nobody said so.
std::string engine_text(const ServeOptions& asked, const ServeOptions& options) {
  if (asked.backend == options.backend) return {};
  return fmt::format("; its engine is {}, as no --backend says another", options.backend);
}

/// Where nobody said which engine, that of the log which is there.
std::optional<std::string_view> engine_that_is_there(const ServeOptions& options, const DataDirectory& directory) {
  const auto said = std::ranges::find(options.settings, std::string_view("backend"), &Setting::name);
  if (said == options.settings.end() || said->source != Source::preset) return std::nullopt;
  const auto found = directory.engines();
  if (found.size() != 1 || found.front() == options.backend) return std::nullopt;
  return found.front();
}

/// glibc takes the largest buffer that was ever freed for the size up to which memory comes from its arenas, and lets
/// each keep twice as much of it free. A tail that grows frees 8 MiB: from then on whatever is read or sent leaves holes in
/// each thread's arena. After eight minutes of the soak at three times its pace 33 MiB were free and held, and growing;
/// with these two, 3 to 9 MiB, going up and down.
void keep_large_buffers_out_of_arenas() {
  constexpr int kArenaBuffer = limits::kMiB;  // a larger one is the kernel's again once it is freed
  constexpr int kArenaSpare = limits::kMiB;   // free at an arena's end
  (void)mallopt(M_MMAP_THRESHOLD, kArenaBuffer);
  (void)mallopt(M_TRIM_THRESHOLD, kArenaSpare);
}

std::string place_of(const ServeOptions& options) {
  return std::filesystem::absolute(options.data).lexically_normal().string();
}

int run(const ServeOptions& asked) {
  ServeOptions options = asked;
  const bool persistent = options.backend != "memory";
  std::optional<DataDirectory> directory;
  LogOptions log_options;
  std::optional<OpeningNotice> notice;
  if (persistent) {
    // Before a directory is made for it. A server that uses it already is the better reason, and is found below.
    if (!DataDirectory::user_of(options.data)) {
      if (const auto free = Server::can_listen(options); !free) return complain(free.error(), kExitFailure);
    }
    auto opened = DataDirectory::open(options.data);
    if (!opened) return complain(opened.error(), kExitFailure);
    directory = std::move(*opened);
    options.backend = engine_that_is_there(options, *directory).value_or(options.backend);
    if (const auto checked = directory->check_engine(options.backend); !checked) {
      return complain(checked.error(), kExitFailure);
    }
    notice.emplace(
        [&](std::string_view doing) {
          journal::info("opening", {{"data", place_of(options)}, {"engine", options.backend}, {"doing", doing}});
        },
        "the engine opens its files and replays its write-ahead log");
    auto holes = read_holes(options.data);
    if (!holes) return complain(holes.error(), kExitFailure);
    log_options.holes = std::move(*holes);
    log_options.clock_note = options.data / BelievedTime::kFileName;
  }
  const auto epoch_if_new = Epoch::random();
  auto store = open_store(
      options.backend, {.directory = options.data, .epoch_if_new = epoch_if_new, .free_bytes_min = options.min_free});
  if (!store) return complain(store.error(), kExitFailure);
  const SystemClock clock;
  log_options.retention = {.age = options.retain_age, .bytes = options.retain_bytes, .records = options.retain_records};
  if (notice) notice->next("the newest records, and the keys of those before them, are read");
  auto log = Log::open(std::move(*store), log_options, clock);
  notice.reset();
  if (!log) return complain(log.error(), kExitFailure);

  const SecretKey secret = directory ? directory->secret() : random_secret();
  Server server(options, clock, **log, std::bit_cast<SessionKey>(secret));
  if (const auto listening = server.listen(); !listening) return complain(listening.error(), kExitFailure);
  if (directory) {
    if (const auto announced = directory->announce(server.url()); !announced) {
      return complain(announced.error(), kExitFailure);
    }
  }
  EndSignals end;
  server.start();
  const StoreStats stats = (*log)->stats();
  const auto place = persistent ? place_of(options) : std::string("memory only: nothing outlives this process");
  journal::info("serving",
                {{"url", server.url()},
                 {"log", log_text(**log, stats, place, (*log)->epoch() == epoch_if_new) + engine_text(asked, options)},
                 {"engine", options.backend},
                 {"data", place},
                 {"epoch", (*log)->epoch().text()},
                 {"first", (*log)->first().value()},
                 {"head", (*log)->head().value()},
                 {"records", stats.records},
                 {"bytes", stats.bytes_on_disk}});
  end.wait();
  server.stop();
  journal::info("stopped", {{"head", (*log)->head().value()}});
  return (*log)->why_not_writable().empty() ? kExitOk : kExitFailure;
}

}  // namespace

int serve(const ServeOptions& options) {
  journal::set_level(level_of(options.log_level));
  for (const std::string& warning : options.warnings) journal::warning("configuration", {{"message", warning}});
  for (const Setting& setting : options.settings) {
    journal::debug("setting", {{"name", setting.name}, {"value", setting.value}, {"from", setting.origin}});
  }
  std::signal(SIGPIPE, SIG_IGN);
  keep_large_buffers_out_of_arenas();
  return run(options);
}

}  // namespace tidemark::cli
