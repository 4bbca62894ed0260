// The recovery decision: what a client that says CONNECT is owed. A pure function; docs and tests share its table.
//
// | situation                                            | session | records
// |------------------------------------------------------|---------|-----------------------------------------------------
// | session restored, position of this log               | same    | after the position
// | session restored, no position (nothing received yet) | same    | after the session's start (and the newest N before it,
// |                                                      |         | if it began so)
// | no session, position of this log                     | new     | after the later one of position and server offset
// | position unparseable, of another log or ahead of it  | new     | server offset decides; without one: everything
// | server offset absent, null, 0 or negative            | -       | everything, or the newest N if history is limited
// | server offset beyond the head                        | new     | everything: the client knew another log
// | records of the channel in between trimmed            | new     | what is left, after a gap
// | a repair left some out in between, of any channel    | new     | as above; the gap comes in its place among them
//
// What was trimmed counts per channel: a client of a quiet channel is not told of a gap because busy ones were trimmed.
// Example: the log begins at 1000, the channel lost 40. A client that has everything up to 40 is recovered; one that has
// everything up to 39 is told that something between 40 and 40 is missing. Everything, for a client that has nothing,
// is what is left: nothing it knew of is missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/epoch.h"
#include "src/base/offset.h"

namespace tidemark {

/// What the client said it has. Of the right types already.
struct Claims {
  bool session_restored = false;
  Offset session_started;                      // meaningful if restored
  std::optional<std::string> offset;           // the position the client stored
  std::optional<std::uint64_t> server_offset;  // nothing: absent, null, 0 or negative
  std::optional<std::uint64_t> history;        // newest N at most, for one who has nothing
};

struct LogBounds {
  Epoch epoch;
  Offset lost;                // the newest record of the channel that was trimmed; 0: it has lost nothing
  Offset hole;                // the newest offset that a repair left out, in whatever channel; 0: none
  Offset held{Offset::kMax};  // the channel's records from here on can be given from memory, trimmed or not
  Offset head;
};

struct Decision {
  bool recovered = false;  // same session, same pid (which is what the stock client goes by) and nothing missing
  Offset after;            // records after this one are owed
  std::optional<std::uint64_t> newest;  // and before them the newest N at or before `after`
  Offset gap_from, gap_to;  // something in between was trimmed that the client was owed; gap_to 0 = nothing was
  std::string_view reason;  // why there is a new session or a gap, for journal and inspector; empty if recovered
};

[[nodiscard]] Decision decide(const Claims& claims, const LogBounds& log);

}  // namespace tidemark
