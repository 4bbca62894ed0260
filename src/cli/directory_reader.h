// The log of a data directory that nobody serves, for those who look. The directory is locked against a server for as
// long as this lives, and nothing in it is changed. The records of one channel are found by the index.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/cli/log_check.h"
#include "src/cli/log_reader.h"
#include "src/config/data_directory.h"
#include "src/config/options.h"

namespace tidemark::cli {

class DirectoryReader final : public LogReader {
 public:
  /// `directory` was opened to be looked at. Errors: those of open_on_disk.
  [[nodiscard]] static Result<std::unique_ptr<DirectoryReader>> open(DataDirectory directory,
                                                                     const CommandOptions& options);
  DirectoryReader(DataDirectory directory, LogOnDisk log) : directory_(std::move(directory)), log_(std::move(log)) {}

  [[nodiscard]] const LogOnDisk& log() const { return log_; }

  [[nodiscard]] std::string where() const override { return directory_.path().string(); }
  [[nodiscard]] Result<StoreState> state() override { return log_.store->state(); }
  [[nodiscard]] Result<void> scan(OffsetRange range, std::string_view channel, RecordVisitor visit,
                                  DamageVisitor damaged) override;
  [[nodiscard]] Result<Offset> first_not_older(OffsetRange range, TimeMs moment) override;
  [[nodiscard]] Result<LogFacts> facts() override;
  [[nodiscard]] Result<ChannelList> channels() override;
  [[nodiscard]] Result<void> check_newest() override;
  [[nodiscard]] Result<Holes> holes() override { return log_.known.holes; }
  [[nodiscard]] Result<LogPast> past() override;
  [[nodiscard]] bool is_live() const override { return false; }
  [[nodiscard]] Result<void> follow(Offset after, std::string_view channel, const FollowVisitors& visit) override;

 private:
  /// Where the records of one channel are, up to `covered`.
  struct Places {
    std::vector<OffsetRange> ranges;
    Offset covered;
  };
  /// By the index, as far as it goes, or where it cannot be read: all of it.
  [[nodiscard]] Places places_of(std::string_view channel, OffsetRange range) const;
  /// The last offset of the last finished index segment; 0: there is none, or it cannot be read.
  [[nodiscard]] Offset last_indexed() const;
  /// False: a visitor ended it.
  [[nodiscard]] Result<bool> scan_all(OffsetRange range, RecordVisitor visit, DamageVisitor damaged);

  DataDirectory directory_;  // before the log: given up after it
  LogOnDisk log_;
};

}  // namespace tidemark::cli
