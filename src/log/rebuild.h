// What the log holds in memory, rebuilt from its store on open.
//
// Reads the key hashes of the finished segments within the dedupe window, and scans the records after the last finished
// segment. Index segments that the store lacks (records copied in without them) are built on the way and appended; where
// a row of key hashes is damaged, the records of its segment are read instead. A record that cannot be read where it is
// needed, or is missing there, is an error that names its offset: without it the window or the index would have a hole
// that nobody sees. Channels whose names stand in a damaged place are only not counted among those there are.
#pragma once

#include <cstddef>

#include "src/base/error.h"
#include "src/base/record.h"
#include "src/log/channel_index.h"
#include "src/log/channel_names.h"
#include "src/log/dedupe_window.h"
#include "src/log/holes.h"
#include "src/log/log_store.h"

namespace tidemark {

struct Rebuilt {
  std::unique_ptr<ChannelIndex> index;  // readers keep a reference to it
  DedupeWindow window;
  ChannelNames names;
  TimeMs last_time;  // of the newest record; 0 if none is kept
};

[[nodiscard]] Result<Rebuilt> rebuild(LogStore& store, std::size_t dedupe_window_records, const Holes& holes,
                                      std::size_t channel_names = limits::kChannelNames);

}  // namespace tidemark
