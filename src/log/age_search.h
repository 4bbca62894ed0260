// Finds where in the log a moment lies: record times never decrease, so that halving the range again and again does.
#pragma once

#include "src/base/error.h"
#include "src/base/offset.h"
#include "src/base/record.h"
#include "src/log/log_store.h"

namespace tidemark {

/// The first offset from `from` to `to` whose record is not older than `moment`; to.next() if all are older. About 20
/// reads for a million records, one if the first is not older.
///
/// A damaged record tells no time. It is old if one after it is, else it counts as not older: it is kept for longer than
/// it should, until records after it are old. Where most of the log is damaged (kDamagedProbes) the answer may be too
/// early, never too late.
[[nodiscard]] Result<Offset> first_not_older(const LogStore& store, Offset from, Offset to, TimeMs moment);

}  // namespace tidemark
