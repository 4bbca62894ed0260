// What every durable engine needs around it, written once: a LogStore that refuses what must not reach the engine, and
// keeps the head floor.
//
// Before an append it checks the contract's preconditions, that the data directory is still the one that was opened, and
// the free space; after it, it notes the head floor, which it flushes when it is closed. Reads go straight through.
// Threads as in LogStore; owns the engine and the floor.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/store_options.h"
#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/log/head_floor.h"
#include "src/log/log_store.h"

namespace tidemark {

/// Compares a log just opened with what was acknowledged, and notes it in the floor. Where records are missing (or
/// `damaged`: the engine had to leave some out) and options.accept_loss says so, `renew` makes it another log: it is
/// called with its new epoch and the next offset it may give. `settle` makes durable what was found: a process that died
/// may have written it and not flushed it, and it is about to be served.
/// Answers the log's identity and head from now on. Errors: corrupt (records are missing), and renew's own.
[[nodiscard]] Result<HeadFloor::Note> reconcile(const StoreOptions& options, std::string_view engine, HeadFloor& floor,
                                                HeadFloor::Note opened, bool damaged,
                                                FunctionRef<Result<void>(Epoch epoch, Offset next)> renew,
                                                FunctionRef<Result<void>()> settle);

/// `corrupt` where the head floor knows of a log, and there is none: a disk that is not mounted, a file that was deleted.
/// To be asked before anything is created there, and before somebody is told that there is no log.
[[nodiscard]] Result<void> check_nothing_missing(const std::filesystem::path& directory);

/// What an engine needs to be free on the disk.
struct FreeBytes {
  std::uint64_t append;
  std::uint64_t trim;  // less: it makes room
};

class GuardedStore final : public LogStore {
 public:
  /// `directory` holds the engine's files; those named `needed` stay there while the log is open, once they are.
  GuardedStore(std::unique_ptr<LogStore> engine, HeadFloor floor, std::filesystem::path directory,
               std::vector<std::string> needed, FreeBytes free_bytes_min);
  ~GuardedStore() override { shut(); }

  [[nodiscard]] std::string_view engine() const override { return engine_->engine(); }
  [[nodiscard]] StoreState state() const override { return engine_->state(); }
  [[nodiscard]] Result<void> append(std::span<const RecordView> records,
                                    std::span<const IndexSegment> segments) override;
  [[nodiscard]] Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page,
                                  RecordVisitor visit) const override {
    return engine_->scan(from, to, direction, page, visit);
  }
  [[nodiscard]] Result<void> read(std::span<const Offset> offsets, RecordVisitor visit) const override {
    return engine_->read(offsets, visit);
  }
  [[nodiscard]] Result<void> channel_segments(std::string_view channel, std::uint64_t from_segment,
                                              FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    return engine_->channel_segments(channel, from_segment, visit);
  }
  [[nodiscard]] Result<void> key_segments(std::uint64_t from_segment,
                                          FunctionRef<bool(std::uint64_t, std::string_view)> visit) const override {
    return engine_->key_segments(from_segment, visit);
  }
  [[nodiscard]] Result<void> channel_names(FunctionRef<void(std::string_view)> visit) const override {
    return engine_->channel_names(visit);
  }
  [[nodiscard]] Result<void> trim(Offset before, std::span<const ChannelLoss> losses) override;
  [[nodiscard]] Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const override {
    return engine_->losses(visit);
  }
  [[nodiscard]] Result<void> verify() const override { return engine_->verify(); }
  [[nodiscard]] StoreStats stats() const override { return engine_->stats(); }
  void close() override { shut(); }

 private:
  [[nodiscard]] Result<void> check_directory();
  [[nodiscard]] std::optional<std::filesystem::path> missing();
  void note_head(Offset head);
  void flush_floor();
  void shut();

  // The appending thread's, all of them.
  const std::unique_ptr<LogStore> engine_;
  HeadFloor floor_;
  const std::filesystem::path directory_;
  struct NeededFile {
    std::filesystem::path path;
    bool seen = false;
  };
  std::vector<NeededFile> needed_;
  const FreeBytes free_bytes_min_;
  const Epoch epoch_;
  std::optional<Error> deleted_;  // the directory or a file in it is gone: nothing can be appended any more
  bool floor_failed_ = false;
  bool floor_flushed_ = false;
  bool engine_was_full_ = false;  // at the last append of something
  bool closed_ = false;
};

}  // namespace tidemark
