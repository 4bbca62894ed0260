// Reads a log ahead of who works on its records: the reading and the work happen at the same time, on two threads.
#pragma once

#include <string_view>

#include "src/base/error.h"
#include "src/base/offset_range.h"
#include "src/cli/log_reader.h"

namespace tidemark::cli {

/// LogReader::scan with its visits and errors, for long scans. The visitors are called on the caller's thread and must
/// not use `reader`, which another one reads until this returns; it is up to limits::kPartsAhead parts further by then.
[[nodiscard]] Result<void> scan_ahead(LogReader& reader, OffsetRange range, std::string_view channel,
                                      RecordVisitor visit, DamageVisitor damaged);

}  // namespace tidemark::cli
