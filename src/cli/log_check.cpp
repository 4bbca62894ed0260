#include "src/cli/log_check.h"

#include <fmt/format.h>

#include <cstdio>

#include "backends/guarded_store.h"
#include "backends/registry.h"
#include "src/base/limits.h"
#include "src/cli/interruption.h"
#include "src/cli/progress.h"
#include "src/log/damage.h"

namespace tidemark::cli {
namespace {

constexpr std::size_t kStretchesListed = 20;

class Printer final : public VerifyListener {
 public:
  Printer(std::string_view doing, FunctionRef<void(const RecordView&)> visit) : progress_(doing), visit_(visit) {}

  void on_record(const RecordView& record) override { visit_(record); }

  void on_finding(const Finding& finding) override {
    if (++findings_ > limits::kFindingsShown) return;
    progress_.clear();
    fmt::print("{}\n", finding.text);
  }

  bool on_progress(std::uint64_t done, std::uint64_t total) override {
    progress_.update(done, total);
    return !interrupted();
  }

  void finish() {
    progress_.clear();
    if (findings_ > limits::kFindingsShown) {
      fmt::print("and {} more\n", counted(findings_ - limits::kFindingsShown, "finding"));
    }
    std::fflush(stdout);
  }

 private:
  Progress progress_;
  FunctionRef<void(const RecordView&)> visit_;
  std::uint64_t findings_ = 0;
};

}  // namespace

Result<std::string_view> engine_on_disk(const DataDirectory& directory, const CommandOptions& options) {
  auto engine = directory.engine_of_log(options.given("backend") ? std::string_view(options.backend) : "");
  if (engine || engine.error().code != ErrorCode::not_found) return engine;
  if (auto checked = check_nothing_missing(directory.path()); !checked) return std::unexpected(checked.error());
  return engine;
}

Result<LogOnDisk> open_on_disk(const DataDirectory& directory, const CommandOptions& options) {
  const auto engine = engine_on_disk(directory, options);
  if (!engine) return std::unexpected(engine.error());
  LogOnDisk log{.engine = std::string(*engine), .store = nullptr, .known = {}, .beside = {}};
  if (auto holes = read_holes(directory.path())) {
    log.known.holes = std::move(*holes);
  } else if (holes.error().code == ErrorCode::corrupt) {
    log.beside.push_back({Finding::Kind::structure, holes.error().context});
  } else {
    return std::unexpected(holes.error());
  }
  const auto floor = HeadFloor::read(directory.path());
  if (!floor) return std::unexpected(floor.error());
  log.known.floor = *floor;
  auto store = open_store(*engine, {.directory = directory.path(), .epoch_if_new = Epoch(), .read_only = true});
  if (!store) return std::unexpected(beyond_repair(store.error()));
  log.store = std::move(*store);
  return log;
}

Result<LogOnDisk> open_new_log(const std::string& engine, const std::filesystem::path& directory, const Holes& holes) {
  LogOnDisk log{.engine = engine, .store = nullptr, .known = {}, .beside = {}};
  log.known.holes = holes;
  const auto floor = HeadFloor::read(directory);
  if (!floor) return std::unexpected(floor.error());
  log.known.floor = *floor;
  auto store = open_store(engine, {.directory = directory, .epoch_if_new = Epoch(), .read_only = true});
  if (!store) return std::unexpected(store.error());
  log.store = std::move(*store);
  return log;
}

Result<Verdict> check(const LogOnDisk& log, std::string_view doing, FunctionRef<void(const RecordView&)> visit) {
  Printer printer(doing, visit);
  for (const Finding& finding : log.beside) printer.on_finding(finding);
  auto verdict = verify_log(*log.store, log.known, printer);
  printer.finish();
  if (verdict) verdict->findings += log.beside.size();
  return verdict;
}

std::string extent(const StoreState& state) {
  if (state.first > state.head) return "no record";
  if (state.first == state.head) return fmt::format("offset {}", state.head.value());
  return fmt::format("offsets {} to {}", state.first.value(), state.head.value());
}

std::string list(const Holes& holes) {
  std::string text;
  std::size_t listed = 0;
  for (const OffsetRange& range : holes.ranges()) {
    if (listed == kStretchesListed) {
      return text + fmt::format(" and {} more stretches", grouped(holes.ranges().size() - listed));
    }
    if (listed++ > 0) text += ", ";
    text += range.first == range.last ? fmt::format("{}", range.first.value())
                                      : fmt::format("{} to {}", range.first.value(), range.last.value());
  }
  return text;
}

}  // namespace tidemark::cli
