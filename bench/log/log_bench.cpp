// Measures the log on a storage engine against what the disk itself can do, in one run: ratios travel, figures do not.
// Usage: below. What each line means: bench/README.md.
//
// The log is filled with 400,000 records (load.h) before anything is measured, with 1,000,000 before a restart.
#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "backends/registry.h"
#include "bench/log/load.h"
#include "src/base/clock.h"
#include "src/log/channel_index.h"
#include "src/log/dedupe_window.h"
#include "src/log/log.h"
#include "src/log/record_checksum.h"
#include "src/log/verify.h"

namespace {

using namespace tidemark;
using Seconds = std::chrono::duration<double>;

constexpr std::uint64_t kPrefill = 400'000;
constexpr std::uint64_t kRestart = 1'000'000;
constexpr int kRuns = 5;
constexpr Seconds kRunTime{0.4};
constexpr double kQuietLoad = 0.7;

double now() { return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Of this thread: what a scan of cached data costs, whoever else uses the machine.
double cpu_now() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().context);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// The directory of one measurement, removed at its end.
class Directory {
 public:
  explicit Directory(const std::filesystem::path& under) {
    auto pattern = (under / "log-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
    path = pattern;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

std::unique_ptr<LogStore> open(std::string_view engine, const std::filesystem::path& directory) {
  return must(open_store(engine, {.directory = directory, .epoch_if_new = Epoch(1)}));
}

/// What the sequencer does around an append, without its queue: the measured batch has exactly the size asked for.
class Appender {
 public:
  explicit Appender(LogStore& store)
      : store_(store), index_(store.state().head.next()), window_(limits::kDedupeWindowRecords) {}

  /// Makes the records of the next append; not part of what is measured.
  void prepare(std::size_t count) { load_.batch(next_, count); }
  void append() {
    const std::span<const RecordView> records = load_.views;
    const auto count = records.size();
    hashes_.clear();
    for (const RecordView& record : records) {
      hashes_.push_back(DedupeWindow::hash(record.channel, record.client_key));
      window_.prefetch(hashes_.back());
    }
    for (std::size_t i = 0; i < count; ++i) {
      const RecordView& record = records[i];
      const auto hash = hashes_[i];
      if (!window_.find(hash).offsets().empty()) continue;
      window_.stage(hash, record.offset);
      index_.stage_key(hash, record.offset);
      index_.stage(record.channel, record.offset);
    }
    must(store_.append(records, index_.finished()));
    index_.commit();
    next_ += count;
    window_.commit(Offset(next_ - 1));
  }
  void fill(std::uint64_t records) {
    for (std::uint64_t done = 0; done < records; done += 4000) {
      prepare(4000);
      append();
    }
  }

 private:
  LogStore& store_;
  Load load_;
  ChannelIndex index_;
  DedupeWindow window_;
  std::vector<std::uint64_t> hashes_;
  std::uint64_t next_ = 1;
};

/// Records per second of `step` (which does `count` of them), over kRunTime.
template <class Step>
double rate(std::size_t count, Step step) {
  const auto begin = now();
  std::uint64_t done = 0;
  while (now() - begin < kRunTime.count()) {
    step();
    done += count;
  }
  return static_cast<double>(done) / (now() - begin);
}

/// write + fdatasync of the same bytes, into a growing file.
class RawFile {
 public:
  explicit RawFile(const std::filesystem::path& file)
      : descriptor_(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {}
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;
  ~RawFile() { ::close(descriptor_); }
  void append(std::string_view bytes) const {
    if (::write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        ::fdatasync(descriptor_) != 0) {
      throw std::runtime_error("the raw file cannot be written");
    }
  }

 private:
  int descriptor_;
};

/// What the design allows at least; printed beside the figure.
std::string budget(std::string_view limit) { return limit.empty() ? "" : fmt::format("  (budget {})", limit); }

/// With the raw file of the same bytes, each in turn.
void measure_batches(std::string_view engine, const std::filesystem::path& under) {
  const Directory directory(under);
  const auto store = open(engine, directory.path);
  Appender appender(*store);
  appender.fill(kPrefill);
  Load load;
  const auto record_bytes = load.batch(kPrefill, 1)[0].bytes() + 24;  // and offset, time, checksum
  fmt::print("disk: {:.0f} bytes per record of {}\n",
             static_cast<double>(store->stats().bytes_on_disk) / static_cast<double>(kPrefill), record_bytes);
  for (const std::size_t count : {1, 10, 100, 1000}) {
    std::vector<double> rates, ratios, cpu;
    for (int run = 0; run < kRuns; ++run) {
      const RawFile raw(directory.path / "raw");
      const std::string bytes(record_bytes * count, 'x');
      const auto raw_rate = rate(count, [&] { raw.append(bytes); });
      double wall_used = 0;
      double cpu_used = 0;
      std::uint64_t records = 0;
      while (wall_used < kRunTime.count()) {
        appender.prepare(count);
        const auto wall_before = now();
        const auto cpu_before = cpu_now();
        appender.append();
        cpu_used += cpu_now() - cpu_before;
        wall_used += now() - wall_before;
        records += count;
      }
      rates.push_back(static_cast<double>(records) / wall_used);
      cpu.push_back(1e6 * cpu_used / static_cast<double>(records));
      ratios.push_back(rates.back() / raw_rate);
    }
    fmt::print(
        "append, batches of {:>4}: {:>9.0f} records/s, {:.2f} x write+fdatasync of the same bytes, {:.1f} us "
        "CPU/record{}\n",
        count, median(rates), median(ratios), median(cpu),
        budget(count == 100    ? "0.5"
               : count == 1000 ? "0.2"
                               : ""));
  }
}

/// Counts outcomes; the publishing thread waits for them.
class Counter final : public CommitListener {
 public:
  void on_commit(std::span<const RecordView>, std::span<const Outcome> outcomes) override {
    for (const Outcome& outcome : outcomes) {
      if (outcome.status != Outcome::Status::stored) failed_ = true;
    }
    {
      const std::scoped_lock lock(mutex_);
      done_ += outcomes.size();
      ++commits_;
    }
    changed_.notify_one();
  }
  void on_room() override {}
  /// How many are done beyond `seen`, once there are any.
  std::uint64_t wait(std::uint64_t seen) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_ > seen; });
    if (failed_) throw std::runtime_error("an append failed");
    return done_ - seen;
  }
  std::uint64_t commits() {
    const std::scoped_lock lock(mutex_);
    return commits_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t done_ = 0;
  std::uint64_t commits_ = 0;
  std::atomic<bool> failed_ = false;
};

Draft draft_at(Load& load, std::uint64_t number) {
  const auto record = load.batch(number, 1)[0];
  return {.channel = std::string(record.channel),
          .event = std::string(record.event),
          .sender = std::string(record.sender),
          .client_key = std::string(record.client_key),
          .payload = std::string(record.payload),
          .attachments = {},
          .origin = {}};
}

/// An append is write + fdatasync of the records' bytes and nothing else: what any engine can come to behind the log's
/// queue, sequencer and dedupe window. Nothing can be read back.
class RawStore final : public LogStore {
 public:
  explicit RawStore(const std::filesystem::path& file) : file_(file) {}

  std::string_view engine() const override { return "raw"; }
  StoreState state() const override { return state_; }
  Result<void> append(std::span<const RecordView> records, std::span<const IndexSegment>) override {
    if (records.empty()) return {};
    bytes_.clear();
    for (const RecordView& record : records) {
      const auto number = record.offset.value();
      const auto checksum = record_checksum(record);
      bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
      bytes_.append(reinterpret_cast<const char*>(&record.time), sizeof record.time);
      for (const auto field :
           {record.channel, record.event, record.sender, record.client_key, record.payload, record.attachments}) {
        bytes_.append(field);
      }
      bytes_.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
    }
    file_.append(bytes_);
    state_.head = records.back().offset;
    return {};
  }
  Result<void> scan(Offset, Offset, Direction, PageLimits, RecordVisitor) const override { return {}; }
  Result<void> read(std::span<const Offset>, RecordVisitor) const override { return {}; }
  Result<void> channel_segments(std::string_view, std::uint64_t,
                                FunctionRef<bool(std::uint64_t, std::string_view)>) const override {
    return {};
  }
  Result<void> key_segments(std::uint64_t, FunctionRef<bool(std::uint64_t, std::string_view)>) const override {
    return {};
  }
  Result<void> trim(Offset, std::span<const ChannelLoss>) override { return {}; }
  Result<void> losses(FunctionRef<bool(const ChannelLoss&)>) const override { return {}; }
  Result<void> verify() const override { return {}; }
  StoreStats stats() const override { return {}; }
  void close() override {}

 private:
  const RawFile file_;
  StoreState state_{Epoch(1), Offset(1), Offset(0)};
  std::string bytes_;
};

/// Publishers who each wait for their outcome before the next message, in one thread.
class ClosedLoop {
 public:
  ClosedLoop(std::unique_ptr<LogStore> store, std::uint64_t first)
      : log_(must(Log::open(std::move(store), {}, clock_))), published_(first), seen_(first) {
    log_->start(counter_);
  }
  ~ClosedLoop() { log_->close(); }
  ClosedLoop(const ClosedLoop&) = delete;
  ClosedLoop& operator=(const ClosedLoop&) = delete;

  struct Figures {
    double rate, per_commit;
  };
  Figures run(std::size_t publishers) {
    const auto begin = now();
    const auto before = seen_;
    const auto commits_before = counter_.commits();
    while (now() - begin < kRunTime.count()) {
      while (published_ - seen_ < publishers) {
        if (log_->publish(draft_at(load_, ++published_)) != Log::Admission::queued) throw std::runtime_error("full");
      }
      seen_ += counter_.wait(seen_ - first_);
    }
    while (seen_ < published_) seen_ += counter_.wait(seen_ - first_);
    const auto records = static_cast<double>(seen_ - before);
    return {records / (now() - begin), records / static_cast<double>(counter_.commits() - commits_before)};
  }

 private:
  const SystemClock clock_;
  const std::unique_ptr<Log> log_;
  Counter counter_;
  Load load_;
  std::uint64_t published_;
  const std::uint64_t first_ = published_;
  std::uint64_t seen_;
};

void measure_closed_loop(std::string_view engine, const std::filesystem::path& under) {
  const Directory directory(under);
  {
    const auto store = open(engine, directory.path);
    Appender(*store).fill(kPrefill);
  }
  ClosedLoop loop(open(engine, directory.path), kPrefill);
  Load load;
  const auto record_bytes = load.batch(kPrefill, 1)[0].bytes() + 24;
  for (const std::size_t publishers : {1, 64, 1024}) {
    std::vector<double> rates, ratios, batched_ratios, sizes;
    for (int run = 0; run < kRuns; ++run) {
      double limit = 0;
      {
        ClosedLoop raw(std::make_unique<RawStore>(directory.path / "raw"), 0);
        limit = raw.run(publishers).rate;
      }
      double batched_limit = 0;
      {
        const RawFile raw(directory.path / "raw");
        const std::string bytes(record_bytes * publishers, 'x');
        batched_limit = rate(publishers, [&] { raw.append(bytes); });
      }
      const auto figures = loop.run(publishers);
      rates.push_back(figures.rate);
      sizes.push_back(figures.per_commit);
      ratios.push_back(figures.rate / limit);
      batched_ratios.push_back(figures.rate / batched_limit);
    }
    fmt::print(
        "publish, {:>4} in flight: {:>9.0f} records/s, {:.2f} x a raw file behind the same queue, {:.2f} x all of them "
        "in each write+fdatasync, {:.0f} records per commit{}\n",
        publishers, median(rates), median(ratios), median(batched_ratios), median(sizes),
        budget(publishers == 64 ? "0.65" : ""));
  }
}

/// The bare loop over the same rows with SQLite's own interface.
double bare_sqlite_scan(const std::filesystem::path& directory) {
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
  sqlite3_open_v2((directory / "tidemark.sqlite3").c_str(), &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                  nullptr);
  sqlite3_exec(database, "PRAGMA mmap_size=1073741824", nullptr, nullptr, nullptr);
  sqlite3_prepare_v2(database,
                     "SELECT offset,time,channel_id,event_id,sender,client_key,payload,attachments,crc FROM records "
                     "ORDER BY offset",
                     -1, &statement, nullptr);
  const auto begin = cpu_now();
  std::uint64_t records = 0;
  std::uint64_t sum = 0;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    for (const int column : {0, 1, 2, 3, 8}) sum += static_cast<std::uint64_t>(sqlite3_column_int64(statement, column));
    for (const int column : {4, 5, 6, 7}) {
      sum += sqlite3_column_blob(statement, column) != nullptr;
      sum += static_cast<std::uint64_t>(sqlite3_column_bytes(statement, column));
    }
    ++records;
  }
  const auto seconds = cpu_now() - begin;
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return sum == 0 ? 0 : static_cast<double>(records) / seconds;
}

/// The bare iterator over the same rows with RocksDB's own interface and defaults.
double bare_rocksdb_scan(const std::filesystem::path& directory) {
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  const auto opened = rocksdb::DB::OpenForReadOnly(
      {}, (directory / "rocksdb").string(), {{"default", {}}, {"records", {}}, {"segments", {}}}, &families, &db);
  if (!opened.ok()) throw std::runtime_error(opened.ToString());
  std::unique_ptr<rocksdb::Iterator> rows(db->NewIterator({}, families[1]));
  const auto begin = cpu_now();
  std::uint64_t records = 0;
  std::uint64_t sum = 0;
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    sum += rows->key().size() + rows->value().size() + static_cast<unsigned char>(rows->value()[0]);
    ++records;
  }
  const auto seconds = cpu_now() - begin;
  rows.reset();
  for (auto* family : families) db->DestroyColumnFamilyHandle(family);
  delete db;
  return sum == 0 ? 0 : static_cast<double>(records) / seconds;
}

/// nullopt: the engine has no interface of its own.
std::optional<double> bare_scan(std::string_view engine, const std::filesystem::path& directory) {
  if (engine == "sqlite") return bare_sqlite_scan(directory);
  if (engine == "rocksdb") return bare_rocksdb_scan(directory);
  return std::nullopt;
}

/// Finds nothing to say; counts.
class Silent final : public VerifyListener {
 public:
  void on_finding(const Finding& finding) override { throw std::runtime_error(finding.text); }
  bool on_progress(std::uint64_t, std::uint64_t) override { return true; }
};

void measure_scans(std::string_view engine, const std::filesystem::path& under) {
  const Directory directory(under);
  {
    const auto store = open(engine, directory.path);
    Appender(*store).fill(kPrefill);
  }
  const SystemClock clock;
  // The log keeps the store; a second handle would be a second owner, so the full scans are done before.
  std::vector<double> forward, backward, bare, channel;
  double verified = 0;
  {
    const auto store = open(engine, directory.path);
    for (int run = 0; run < kRuns; ++run) {
      for (const auto direction : {Direction::forward, Direction::backward}) {
        const auto begin = cpu_now();
        std::uint64_t records = 0;
        auto from = Offset(1);
        auto to = Offset(kPrefill);
        while (from <= to) {
          must(store->scan(from, to, direction, {limits::kScanRecords, limits::kScanBytes},
                           [&](const RecordView& record) {
                             ++records;
                             (direction == Direction::forward ? from : to) =
                                 direction == Direction::forward ? record.offset.next() : record.offset.previous();
                             return true;
                           }));
        }
        (direction == Direction::forward ? forward : backward)
            .push_back(static_cast<double>(records) / (cpu_now() - begin));
      }
    }
    Silent silent;
    const auto begin = std::chrono::steady_clock::now();  // it has two threads
    const auto verdict = must(verify_log(*store, {}, silent));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    verified = static_cast<double>(verdict.records) / took.count();
  }
  for (int run = 0; run < kRuns; ++run) {
    if (const auto figure = bare_scan(engine, directory.path)) bare.push_back(*figure);
  }
  const auto log = must(Log::open(open(engine, directory.path), {}, clock));
  for (int run = 0; run < 20 * kRuns; ++run) {
    const auto name = fmt::format("/channel/{}", run);
    const auto begin = cpu_now();
    std::uint64_t records = 0;
    ChannelPage page;
    while (!page.end) {
      page = must(log->read_channel(name, page.covered, log->head(), {limits::kScanRecords, limits::kScanBytes},
                                    [&](const RecordView&) { return ++records > 0; }));
    }
    channel.push_back(static_cast<double>(records) / (cpu_now() - begin));
  }
  fmt::print("full scan forward:    {:>9.0f} records per CPU second", median(forward));
  if (!bare.empty())
    fmt::print(", {:.2f} x a bare loop ({:.0f}){}", median(forward) / median(bare), median(bare), budget("0.8"));
  fmt::print("\nfull scan backward:   {:>9.0f} records per CPU second, {:.2f} x forward\n", median(backward),
             median(backward) / median(forward));
  fmt::print("channel scan, 1 of {}: {:>8.0f} records per CPU second{}\n", Load::kChannels, median(channel),
             budget(engine == "sqlite"    ? "400000"
                    : engine == "rocksdb" ? "150000"
                                          : ""));
  fmt::print("verify:               {:>9.0f} records per second, {:.2f} x the full scan{}\n", verified,
             verified / median(forward), budget("0.5"));
}

void measure_restart(std::string_view engine, const std::filesystem::path& under) {
  if (engine == "memory") return;
  const Directory directory(under);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = open(engine, directory.path);
    Appender(*store).fill(kRestart);
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  const SystemClock clock;
  const auto begin = now();
  auto store = open(engine, directory.path);
  const auto opened = now();
  const auto log = must(Log::open(std::move(store), {}, clock));
  fmt::print("start after kill -9 with {} records: {:.0f} ms (store {:.0f} ms), head {}{}\n", kRestart,
             1000 * (now() - begin), 1000 * (opened - begin), log->head().value(), budget("1000 ms"));
}

constexpr auto kUsage = R"(Usage: ./dev bench log [options] [PART...]

Measures the log on each durable engine beside write + fdatasync of the same bytes, and beside the engine's own scan.
About a minute an engine.

  --backend ENGINE   only this one
  --data DIR         where the logs are made, and removed (default: the current directory)

Parts: restart batches publish scans (default: all)
)";

struct Part {
  std::string_view name;
  void (*measure)(std::string_view engine, const std::filesystem::path& under);
};
constexpr std::array kParts{Part{"restart", measure_restart}, Part{"batches", measure_batches},
                            Part{"publish", measure_closed_loop}, Part{"scans", measure_scans}};

struct Options {
  std::vector<std::string> engines, parts;
  std::filesystem::path under = ".";
};

Options parse(std::span<const char* const> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const auto value = [&] {
      if (++i == arguments.size()) throw std::invalid_argument(fmt::format("{} needs a value", argument));
      return arguments[i];
    };
    if (argument == "--backend") {
      options.engines = {value()};
    } else if (argument == "--data") {
      options.under = value();
    } else if (std::ranges::find(kParts, argument, &Part::name) != kParts.end()) {
      options.parts.emplace_back(argument);
    } else {
      throw std::invalid_argument(fmt::format("no such part: {} (see --help)", argument));
    }
  }
  if (options.engines.empty()) options.engines = {"sqlite", "rocksdb"};
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<const char*> arguments(argv + 1, argv + argc);
    if (std::ranges::find(arguments, std::string_view("--help")) != arguments.end()) {
      fmt::print("{}", kUsage);
      return 0;
    }
    const auto options = parse(arguments);
    double load = 0;
    if (::getloadavg(&load, 1) == 1 && load > kQuietLoad) {
      fmt::print("The machine is busy (load {:.1f}): figures of disk and time are not worth much.\n", load);
    }
    for (const auto& engine : options.engines) {
      fmt::print("\n{}\n", engine);
      for (const auto& part : kParts) {
        const bool wanted = options.parts.empty() || std::ranges::find(options.parts, part.name) != options.parts.end();
        if (wanted) part.measure(engine, options.under);
        std::fflush(stdout);
      }
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
