// The bounds of the commands. Beside limits.h, so that the service need not be compiled anew for them.
#pragma once

#include "src/base/limits.h"

namespace tidemark::limits {

inline constexpr std::size_t kOutputBytes = 64 * kKiB;   // gathered before they are written
inline constexpr auto kLookAgain = 100ms;                // between two looks whether a server is back
inline constexpr auto kServerPatience = 10'000ms;        // for a server's answer to begin, and between two parts of it
inline constexpr std::size_t kAnswerBytes = 256 * kMiB;  // one line or body of a server's answer: a record is at most
                                                         // kMaxPayloadCeiling, and base64 makes a third more of it
inline constexpr std::size_t kPageRecords = 1000;        // asked of a server at a time
inline constexpr std::size_t kLineBytes = 256 * kMiB;    // of a file that is imported, as above

}  // namespace tidemark::limits
