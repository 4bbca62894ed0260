// Puts records into the log of a directory that nobody serves, opened as a server opens it. A channel that is new with the
// first of them is named once on standard error: it may be a mistyped one.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
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

  [[nodiscard]] bool is_new(std::string_view channel) const;
  /// To store a line; so many behind it were stored all the same.
  [[nodiscard]] std::unexpected<Error> failure(std::uint64_t line, std::uint64_t stored_behind) const;

  DataDirectory directory_;  // before the log: given up after it
  const CommandOptions& options_;
  const SystemClock clock_;
  std::mutex mutex_;  // guards all below but log_
  std::condition_variable changed_;
  std::vector<Stored> stored_;
  std::deque<std::uint64_t> under_way_;  // the lines of what is put and not decided yet, in order; a single one's is 0
  std::optional<std::uint64_t> failed_line_;  // the first that was not stored
  std::uint64_t stored_behind_ = 0;           // it
  bool refused_ = false;
  bool is_new_channel_ = false;  // nothing was told of it yet
  std::unique_ptr<Log> log_;
};

}  // namespace tidemark::cli
