// Reads one channel out of the log: finished index segments from the store, the unfinished one from memory, and the
// records themselves by point reads, or by a filtered range scan where the channel holds much of the range.
//
// Damage stays where it is: a damaged record of another channel stops nobody here, a damaged row of the index is made
// up for by looking at the records of its segment, and a damaged or missing record of this channel ends the page with an
// error that names its offset, after everything before it was visited. A record is judged missing only once no trim is under
// way: a trim hides records a moment before the store says so, and the reader may wait for it, a few milliseconds.
//
// Holds no state of its own. Any thread; correct while the sequencer appends and while records are trimmed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "src/base/error.h"
#include "src/base/offset_range.h"
#include "src/log/channel_index.h"
#include "src/log/holes.h"
#include "src/log/log.h"
#include "src/log/log_store.h"
#include "src/log/losses.h"

namespace tidemark {

class ChannelReader {
 public:
  /// All must outlive it.
  ChannelReader(const LogStore& store, const ChannelIndex& index, const Holes& holes, const Losses& losses)
      : store_(store), index_(index), holes_(holes), losses_(losses) {}

  /// Log::read_channel. Where nothing is damaged the page is one call to the store, and so one consistent view.
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

  /// Adds the channel's offsets within `range` that the finished segments [begin, end) have, until there are `limit` or
  /// a segment had to be looked through. Answers the segment it got to.
  [[nodiscard]] Result<std::uint64_t> gather(std::string_view channel, std::uint64_t begin, std::uint64_t end,
                                             OffsetRange range, std::size_t limit, std::vector<Offset>& offsets) const;
  /// The same for one segment whose row is damaged, from the records. One that cannot be read or is missing may be the
  /// channel's: it is added, and whoever reads it learns what is wrong.
  [[nodiscard]] Result<void> look_through(std::string_view channel, std::uint64_t segment, OffsetRange range,
                                          std::vector<Offset>& offsets) const;

  const LogStore& store_;
  const ChannelIndex& index_;
  const Holes& holes_;
  const Losses& losses_;
};

}  // namespace tidemark
