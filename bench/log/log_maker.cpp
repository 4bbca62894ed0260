// What 'bench/inspector' needs beside the commands it measures, each answer one line of JSON:
//
//   log-maker make ENGINE DIR RECORDS   makes a log of the measured load in a new directory, as a migration writes one. Its
//                                       time is that of the engine alone, up to durable files: no log can be copied faster
//   log-maker scan ENGINE DIR           reads all of it through the store, as the commands do
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "backends/registry.h"
#include "bench/log/load.h"
#include "src/config/flush_files.h"
#include "src/log/channel_index.h"
#include "src/log/dedupe_window.h"

namespace {

using namespace tidemark;
using Clock = std::chrono::steady_clock;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().context);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void answer(std::uint64_t records, Clock::duration time) {
  fmt::print("{{\"records\":{},\"seconds\":{:.6f}}}\n", records, std::chrono::duration<double>(time).count());
}

void make(std::string_view engine, const std::filesystem::path& directory, std::uint64_t records) {
  std::filesystem::create_directories(directory);
  auto store = must(open_store(engine, {.directory = directory, .epoch_if_new = Epoch(1), .building = true}));
  Load load;
  ChannelIndex index(Offset(1));
  Clock::duration time{};
  const auto measured = [&](auto step) {
    const auto begin = Clock::now();
    step();
    time += Clock::now() - begin;
  };
  for (std::uint64_t next = 1; next <= records;) {
    const auto count = std::min<std::uint64_t>(limits::kBatchRecords, records + 1 - next);
    const auto batch = load.batch(next, count);
    for (const RecordView& record : batch) {
      index.stage(record.channel, record.offset);
      index.stage_key(DedupeWindow::hash(record.channel, record.client_key), record.offset);
    }
    measured([&] { must(store->append(batch, index.finished())); });
    index.commit();
    next += count;
  }
  measured([&] {
    must(store->append({}, {}));
    store->close();
    must(open_store(engine, {.directory = directory, .epoch_if_new = Epoch(1)}))->close();
    must(flush_tree(directory));
  });
  answer(records, time);
}

void scan(std::string_view engine, const std::filesystem::path& directory) {
  const auto store = must(open_store(engine, {.directory = directory, .epoch_if_new = Epoch(), .read_only = true}));
  const auto state = store->state();
  std::uint64_t records = 0;
  const auto begin = Clock::now();
  for (auto next = state.first; next <= state.head;) {
    must(store->scan(next, state.head, Direction::forward, {limits::kScanRecords, limits::kScanBytes},
                     [&](const RecordView& record) {
                       ++records;
                       next = record.offset.next();
                       return true;
                     }));
  }
  answer(records, Clock::now() - begin);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "make" && argc == 5) {
      make(argv[2], argv[3], std::stoull(argv[4]));
    } else if (what == "scan" && argc == 4) {
      scan(argv[2], argv[3]);
    } else {
      throw std::invalid_argument("usage: log-maker make ENGINE DIR RECORDS | log-maker scan ENGINE DIR");
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
