// The bounds of the commands. Beside limits.h, so that the service need not be compiled anew for them.
#pragma once

#include "src/base/limits.h"

namespace tidemark::limits {

inline constexpr std::size_t kOutputBytes = 64 * kKiB;   // gathered before they are written
inline constexpr auto kLookAgain = 100ms;                // between two looks whether a server is back
inline constexpr auto kLookAgainMost = 3200ms;           // and where a server is there, but refuses
inline constexpr auto kLockWait = 2000ms;                // for a killed server to give its data directory back
inline constexpr auto kOpeningPatience = 1000ms;         // for a log to be opened before it is said what is done
inline constexpr auto kServerPatience = 30'000ms;        // for a server to take a request and to begin its answer
inline constexpr auto kSilenceUntold = 2000ms;           // of it, before who waits at a terminal is told
inline constexpr auto kServerAway = 60'000ms;            // for a server that took records, and is gone, to come back
inline constexpr auto kStreamPatience = 60'000ms;        // between two parts of an answer: a stream has heartbeats
inline constexpr std::size_t kAnswerBytes = 256 * kMiB;  // one line or body of a server's answer: a record is at most
                                                         // kMaxPayloadCeiling, and base64 makes a third more of it
inline constexpr std::size_t kAppendRecords = kApiRecordsPublished;  // sent to a server together
inline constexpr std::size_t kAppendBytes = 256 * kKiB;              // likewise; less than its default --max-payload
inline constexpr auto kRateWait = 1000ms;                            // for a server that takes no more this second
inline constexpr std::size_t kPageRecords = 100'000;                 // asked of a server at a time: the most it gives
inline constexpr std::uint64_t kStretchesTold = 10;          // one by one, of what could not be read; verify knows all
inline constexpr std::uint64_t kDamagedOffsets = 10'000;     // of a server's log that one scan passes over
inline constexpr std::uint64_t kRecordsBetweenLooks = 1024;  // whether to stop, and at the progress, in a copy
inline constexpr std::size_t kPartsAhead = 4;                // of a log that is read ahead of their use, each of
inline constexpr std::size_t kPartBytes = 256 * kKiB;        // records, at least
inline constexpr std::size_t kListedObjects = 1'000'000;     // of an answer or a header: channels, holes
inline constexpr std::uint64_t kOffsetsSkipped = 1'000'000;  // by a copy that becomes another log, see log_copy.h
inline constexpr std::uint64_t kImportedHead = 1ULL << 52;   // what comes after it has as much room again
inline constexpr std::uint64_t kImportedHoles = 10'000'000'000;  // offsets in them: readers step over 16,384 at once
inline constexpr std::size_t kLineBytes = 256 * kMiB;            // of a file that is imported, as above

static_assert(2 * kAppendBytes <= kMaxPayloadDefault, "payloads with their keys around them");

}  // namespace tidemark::limits
