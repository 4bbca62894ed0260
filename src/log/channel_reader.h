// Reads one channel out of the log: finished index segments from the store, the unfinished one from memory, and the
// records themselves by point reads, or by a filtered range scan where the channel holds much of the range.
//
// Holds no state of its own. Any thread; correct while the sequencer appends and while records are trimmed.
#pragma once

#include <cstddef>
#include <string_view>

#include "src/base/error.h"
#include "src/base/offset.h"
#include "src/log/channel_index.h"
#include "src/log/log.h"
#include "src/log/log_store.h"

namespace tidemark {

class ChannelReader {
 public:
  ChannelReader(const LogStore& store, const ChannelIndex& index) : store_(store), index_(index) {}

  /// Log::read_channel. The page is one call to the store, and so one consistent view.
  [[nodiscard]] Result<ChannelPage> read(std::string_view channel, Offset after, Offset up_to, PageLimits page,
                                         RecordVisitor visit) const;
  /// Log::offset_before_last.
  [[nodiscard]] Result<Offset> before_last(std::string_view channel, Offset up_to, std::size_t count) const;

 private:
  /// Where the records of one page are.
  struct Plan {
    std::vector<Offset> offsets;
    Offset covered;  // all of the channel's records up to here are in `offsets`
  };
  [[nodiscard]] Result<Plan> plan(std::string_view channel, Offset from, Offset up_to, std::size_t records) const;

  const LogStore& store_;
  const ChannelIndex& index_;
};

}  // namespace tidemark
