// Random work on a store: appends of all sizes with the index segments they finish, trims with their losses, reads and
// reopening. Notes every call in a history.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "src/log/channel_index.h"
#include "src/log/log_store.h"
#include "tests/crash/disk/dice.h"
#include "tests/crash/disk/history.h"

namespace tidemark::crash {

class Workload {
 public:
  using Open = std::function<Result<std::unique_ptr<LogStore>>()>;
  using Position = std::function<std::uint64_t()>;

  /// `open` opens the store, `position` says how far the trace is.
  Workload(Dice& dice, Open open, Position position);

  /// Opens the store, checks that it holds what is expected, and notes that in the history.
  void open(const Expectation& expected);
  /// One action that is drawn. A call that fails is a violation: nothing is injected here.
  void step();
  void close();

  [[nodiscard]] const History& history() const { return history_; }
  [[nodiscard]] std::uint64_t appended() const { return appended_; }

 private:
  void append();
  void append_records(std::uint64_t count, std::size_t payload_max);
  void trim();
  void read();
  void reopen();
  void rebuild_index();

  Dice& dice_;
  Open open_;
  Position position_;
  std::unique_ptr<LogStore> store_;
  std::unique_ptr<ChannelIndex> index_;
  History history_;
  std::uint64_t appended_ = 0;
};

/// A record whose content is drawn.
[[nodiscard]] Record draw_record(Dice& dice, Offset offset, std::size_t payload_max);
/// So many, from this offset on.
[[nodiscard]] std::vector<Record> draw_records(Dice& dice, Offset first, std::uint64_t count, std::size_t payload_max);
/// Tells the index of records, which must stay where they are until it has committed or rolled back.
void stage(ChannelIndex& index, const std::vector<Record>& records);
/// Per channel the newest of `records` below `before`.
[[nodiscard]] std::map<std::string, Offset> losses_below(const std::vector<Record>& records, Offset before);
/// The losses as the store takes them.
[[nodiscard]] std::vector<ChannelLoss> loss_views(const std::map<std::string, Offset>& losses);
[[nodiscard]] std::vector<RecordView> record_views(const std::vector<Record>& records);

}  // namespace tidemark::crash
