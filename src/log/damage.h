// Reading a log of which parts are damaged: every record that can be read, in order, and the stretches that cannot.
//
// A flipped byte in a payload costs one record; one in the engine's own structure may cost a page of records or
// thousands of pages. Example: 1 to 1,000 with a page of 40 damaged from 201 on: the records 1 to 200, then the
// stretch 201 to 240, then the records from 241 on.
//
// Stateless; any thread. What a store cannot even open is not for this.
#pragma once

#include <string_view>

#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/base/offset_range.h"
#include "src/log/log_store.h"

namespace tidemark {

/// How a sentence about damage ends, whoever found it.
inline constexpr std::string_view kDamageAdvice =
    "'tidemark verify' lists all damage; restore the log from a copy, or save the rest with 'tidemark repair'";

/// `error` where kDamageAdvice is no help, because nothing can read the log any more.
[[nodiscard]] Error beyond_repair(Error error);

/// `error` as one about the record at `offset`: its sentence is unchanged if it names that offset already.
[[nodiscard]] Error about_record(Offset offset, const Error& error);

/// Called per stretch that cannot be read, with the error of its first offset. False ends the scan.
using DamageVisitor = FunctionRef<bool(OffsetRange, const Error&)>;

/// Visits the records of `range` forward, page by page, each page one consistent view, with offsets that increase
/// whatever the damage; and in between the stretches that cannot be read. Offsets that simply are not there belong to
/// neither. Errors: those of the store but `corrupt`.
[[nodiscard]] Result<void> scan_around_damage(const LogStore& store, OffsetRange range, RecordVisitor visit,
                                              DamageVisitor damaged);

}  // namespace tidemark
