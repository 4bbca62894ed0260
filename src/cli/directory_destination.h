// Puts records into the log of a directory that nobody serves, opened as a server opens it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "src/base/clock.h"
#include "src/cli/append_destination.h"
#include "src/config/data_directory.h"
#include "src/config/options.h"
#include "src/log/log.h"

namespace tidemark::cli {

class DirectoryDestination final : public AppendDestination, private CommitListener {
 public:
  /// locked: a server uses it. Other errors: those of opening a log to serve it.
  [[nodiscard]] static Result<std::unique_ptr<DirectoryDestination>> open(const CommandOptions& options);
  DirectoryDestination(DataDirectory directory, const CommandOptions& options);
  ~DirectoryDestination() override;

  [[nodiscard]] Result<void> put(Message message) override;
  [[nodiscard]] Result<void> settle() override;
  [[nodiscard]] std::vector<Stored> told() override;

 private:
  // CommitListener, on the sequencer's thread
  void on_commit(std::span<const RecordView> records, std::span<const Outcome> outcomes) override;
  void on_room() override { changed_.notify_one(); }

  [[nodiscard]] std::unexpected<Error> failure() const;

  DataDirectory directory_;  // before the log: given up after it
  const CommandOptions& options_;
  const SystemClock clock_;
  std::mutex mutex_;  // guards all below but log_
  std::condition_variable changed_;
  std::vector<Stored> stored_;
  std::uint64_t waiting_ = 0;
  std::uint64_t decided_ = 0;
  bool failed_ = false;
  bool refused_ = false;
  std::unique_ptr<Log> log_;
};

}  // namespace tidemark::cli
