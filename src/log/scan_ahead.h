// Reads a log ahead of who works on its records: the reading and the work happen at the same time, on two threads.
#pragma once

#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/log/damage.h"
#include "src/log/log_store.h"

namespace tidemark {

/// What reads, and shows what it reads to the two until one of them has enough.
using Scan = FunctionRef<Result<void>(RecordVisitor, DamageVisitor)>;

/// `scan` with its visits and errors, for long ones: it is called on another thread, and the visitors on the caller's, up
/// to limits::kPartsAhead parts later. Whatever it uses, the visitors may use only if two threads may.
[[nodiscard]] Result<void> scan_ahead(Scan scan, RecordVisitor visit, DamageVisitor damaged);

}  // namespace tidemark
