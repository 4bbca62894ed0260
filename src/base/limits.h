// Every bound of the service, in one place. A queue, buffer, list or loop without a name here is a bug.
// What an operator may change is an option (src/config) whose default stands here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tidemark::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

// --- records ---------------------------------------------------------------------------------------------------------
inline constexpr std::size_t kChannelNameBytes = 255;
inline constexpr std::size_t kEventNameBytes = 255;
inline constexpr std::size_t kClientKeyBytes = 255;
inline constexpr std::size_t kSenderBytes = 255;
inline constexpr std::size_t kAttachmentsPerEvent = 10;  // the stock client refuses to receive more
inline constexpr std::size_t kAttachmentsAnnounced =
    10'000;  // more cannot be meant; up to here they are let pass unread
inline constexpr int kJsonDepth = 64;
inline constexpr std::size_t kEventArguments = 16;  // an EVENT may carry; we use at most three

// --- the wire --------------------------------------------------------------------------------------------------------
inline constexpr std::size_t kMaxPayloadDefault = 1'000'000;  // bytes: one message, one polling body
inline constexpr std::size_t kMaxPayloadCeiling = 64 * kMiB;  // the largest value the option takes
inline constexpr auto kPingIntervalDefault = 25'000ms;
inline constexpr auto kPingTimeoutDefault = 20'000ms;
inline constexpr auto kConnectTimeoutDefault = 45'000ms;
inline constexpr auto kMessageTimeoutDefault = 60'000ms;
inline constexpr auto kRecoveryWindowDefault = 120'000ms;
inline constexpr std::size_t kPacketsPerPollIn = 512;  // packets a POST body may carry
inline constexpr std::size_t kPacketsPerPollOut = 16;  // python-socketio refuses more
inline constexpr std::size_t kNamespacesPerConnection = 32;
inline constexpr std::size_t kNamespacesPerConnectionCeiling = 1024;  // the largest value the option takes
inline constexpr std::size_t kHttpHeadBytes = 16 * kKiB;
inline constexpr std::size_t kHttpTargetBytes = 4 * kKiB;
inline constexpr std::size_t kHttpFields = 128;          // fields of one request head
inline constexpr auto kHttpSilenceTimeout = 30'000ms;    // to a new connection's first byte; for a client to take more
inline constexpr auto kHttpIdleTimeout = 75'000ms;       // a kept-alive connection between requests
inline constexpr std::size_t kDroppedBytes = 64 * kMiB;  // of one message above max-payload, to answer it with an error
inline constexpr auto kUpgradeTimeout = 10'000ms;        // from a probe's handshake to its "5"
inline constexpr auto kProbePollHold = 100ms;            // a poll beside an answered probe is given back after this
inline constexpr auto kCloseTimeout = 2'000ms;           // closing handshake and last bytes
inline constexpr std::size_t kReadBytes = 64 * kKiB;     // per-thread read buffer
inline constexpr std::size_t kOwnBytesPause = 64 * kKiB;  // unsent own bytes (acks, pongs) at which reading pauses
inline constexpr std::size_t kUnreadBytes = kMiB;  // own bytes a polling client may leave unread before it is closed
inline constexpr std::size_t kSendBytes = 256 * kKiB;         // one send of frames
inline constexpr std::size_t kUnsentBytes = 256 * kKiB;       // that the kernel takes for a socket before it sends them
inline constexpr auto kDrainTimeout = 5'000ms;                // at shutdown, for last bytes and closing handshakes
inline constexpr std::uint64_t kAnswerBytesPerSecond = kKiB;  // an answer must leave at, once the silence is over
inline constexpr auto kAcceptPause = 50ms;                    // after accept failed (no descriptors left)
inline constexpr auto kAcceptCalm = 10'000ms;  // without such a failure, before another one is news for the journal
inline constexpr std::size_t kReservedDescriptors = 256;  // not for connections, but at most a quarter of what there is
inline constexpr auto kRefusalLinePause = 1'000ms;        // between two lines about connections that were refused
inline constexpr std::size_t kReadFailuresKept = 32;      // damaged places of the log that are told of one by one
inline constexpr auto kReadFailureLinePause = 60'000ms;   // between two lines about the same one
inline constexpr int kListenBacklog = 4096;
inline constexpr std::size_t kConnections = 100'000;       // of all I/O threads together
inline constexpr std::size_t kEngineSessions = 100'000;    // likewise; polling needs no connection to hold one
inline constexpr std::uint64_t kHistoryRecords = 100'000;  // a larger `history` means everything

// --- the log ---------------------------------------------------------------------------------------------------------
inline constexpr std::size_t kSequencerQueueBytes = 32 * kMiB;  // drafts waiting for a commit; full = stop reading
inline constexpr std::size_t kShareDrafts = 1024;     // of one I/O thread's connections in that queue, see publisher.h
inline constexpr std::size_t kShareBytes = 4 * kMiB;  // likewise
inline constexpr std::size_t kBatchRecords = 4096;    // one commit
inline constexpr std::size_t kBatchBytes = 8 * kMiB;
inline constexpr std::size_t kKeptBatchBytes = 4 * kMiB;        // of a batch that is done, for the next one
inline constexpr std::uint64_t kSegmentRecords = 16'384;        // offsets of one index segment; part of the format
inline constexpr std::size_t kDedupeWindowRecords = 1'000'000;  // client keys remembered
inline constexpr std::size_t kScanRecords = 1000;               // one page: one read transaction
inline constexpr std::size_t kScanBytes = 256 * kKiB;
inline constexpr std::size_t kChannels = 100'000;
inline constexpr std::size_t kDedupeCandidates = 4;          // records compared for one key hash
inline constexpr std::uint64_t kMinFreeDefault = 64 * kMiB;  // free on the disk, below which nothing is appended
inline constexpr std::uint64_t kMinFreeOnceFull = kMiB;     // where an engine has met the end of the disk, to try again
inline constexpr auto kUpkeepInterval = 1'000ms;            // between two looks whether the store would take records
inline constexpr std::size_t kStoreReaders = 8;             // reads one store runs at a time; more wait
inline constexpr std::size_t kTrimSliceRecords = 1000;      // removed in one step of a trim
inline constexpr std::size_t kTrimSliceBytes = 1 * kMiB;    // likewise; large records take longer to remove
inline constexpr std::size_t kChannelLosses = 100'000;      // channels whose own loss is remembered, see losses.h
inline constexpr int kDamagedProbes = 1000;                 // unreadable records one search by age looks at
inline constexpr auto kClockJump = 60s;                     // more than that at once is no pace of a right clock
inline constexpr auto kClockDoubt = 600s;                   // for which a clock that jumped ahead is not believed
inline constexpr auto kRetentionReport = 60s;               // the journal says at most this often what was trimmed
inline constexpr std::size_t kChannelNames = 1'000'000;     // channels of one log; a message for another one is refused
inline constexpr std::size_t kChannelNameRows = 1'000'000;  // of an engine's index, looked at for them when it opens
inline constexpr std::size_t kStoredNames = 1'100'000;      // channel or event names that SQLite's tables hold

static_assert(kChannelNames < kStoredNames, "the bound that every engine has is met first");
static_assert(kBatchRecords < kSegmentRecords, "a batch crosses at most one segment boundary");

// --- the hub ---------------------------------------------------------------------------------------------------------
inline constexpr std::size_t kTailBytesTotal = 64 * kMiB;    // frames held in memory by one I/O thread, all channels
inline constexpr std::size_t kTailBytesChannel = 16 * kMiB;  // and by one channel
inline constexpr std::size_t kCatchUpQueue = 65'536;         // catch-up reads waiting for a reader thread
inline constexpr std::size_t kCatchUpThreads = 2;
inline constexpr std::size_t kRelayBytes = 4 * kMiB;        // unlogged events waiting for one I/O thread
inline constexpr std::size_t kRelayEventBytes = 64 * kKiB;  // one of them
inline constexpr std::size_t kRelayPassBytes = 64 * kKiB;   // of a channel's, sent to all before others get their turn
inline constexpr std::size_t kRelayUnsent = 16 * kKiB;      // kept for a client that takes none now; it misses the rest
inline constexpr std::size_t kPagesHeld = 32;  // pages an I/O thread keeps for others who replay the same range
inline constexpr std::uint64_t kPageJoinOffsets = 256;  // how far behind its start a page under way may be joined
inline constexpr std::size_t kSendsPerBatch = 256;      // handed to the kernel in one call, where it takes them so
inline constexpr std::size_t kSendsWorthBatching = 8;   // subscribers of a channel, from which on they are
inline constexpr auto kHoldPerDelivery = 4us;           // a pass waits for more to deliver, by its subscribers
inline constexpr auto kHoldMost = 10ms;                 // and by all of them
inline constexpr std::size_t kDeliveriesPerTurn = 512;  // then reads, accepts and timers get their turn
inline constexpr std::size_t kPageDeliveries = 16;      // as which the flush of a page counts
inline constexpr std::size_t kSessions = 1'000'000;     // sessions remembered, live and within the window
inline constexpr std::size_t kRestBytes = 4 * kKiB;     // of a record partly sent, kept for a client that stalled
inline constexpr int kPageAttempts = 4;                 // at a page whose channel is trimmed while it is read

// --- the HTTP API ----------------------------------------------------------------------------------------------------
inline constexpr std::size_t kApiRecords = 100'000;  // of one GET /api/v1/log; who wants more asks again
inline constexpr std::size_t kApiRecordsDefault = 100;
inline constexpr std::size_t kApiRecordsPublished = 1000;     // by one POST of lines
inline constexpr std::size_t kApiThreads = 2;                 // that read the log for it
inline constexpr std::size_t kApiQueue = 1024;                // pages waiting to be read for it
inline constexpr std::size_t kApiParameters = 16;             // of one request
inline constexpr std::size_t kApiStreams = 1000;              // GET /api/v1/stream that are open at a time
inline constexpr auto kStreamHeartbeat = 15'000ms;            // a comment, where nothing else was sent for so long
inline constexpr auto kStreamRetry = 1'000ms;                 // after which a browser is told to come back
inline constexpr std::size_t kCensusBlocks = 64;              // stretches of the log whose channels are counted apart
inline constexpr std::uint64_t kCensusBlockOffsets = 16'384;  // of a stretch in a small log; doubled as the log grows
inline constexpr std::size_t kRecoveriesKept = 100;           // the latest ones, for the inspector
inline constexpr std::size_t kApiTokenBytes = 255;
inline constexpr std::size_t kApiTokenBytesMin = 16;  // a shorter one can be guessed

// --- commands --------------------------------------------------------------------------------------------------------
inline constexpr std::size_t kFindingsShown = 100;  // lines of one verification; the rest is counted

// --- options ---------------------------------------------------------------------------------------------------------
inline constexpr std::uint64_t kMinFreeCeiling = 1024 * 1024 * std::uint64_t{kMiB};
inline constexpr std::size_t kMaxPayloadFloor = 1'000;  // the smallest value the option takes
inline constexpr auto kTimeoutCeiling = 24h;            // ping interval, ping, connect and message timeout, each
inline constexpr auto kRecoveryWindowCeiling = 7 * 24h;
inline constexpr auto kRetainAgeCeiling = 36'500 * 24h;
inline constexpr std::uint64_t kRetainBytesCeiling = std::uint64_t{1} << 50;
inline constexpr std::uint16_t kPortMax = 65'535;
inline constexpr unsigned kIoThreadsCeiling = 256;
inline constexpr std::size_t kConnectionsPerAddressCeiling = kConnections;
inline constexpr std::uint64_t kPublishRateCeiling = 1'000'000;
inline constexpr std::size_t kOptionListEntries = 64;  // channel patterns, events, relays or origins
inline constexpr std::size_t kConfigFileBytes = 1 * kMiB;

static_assert(
    2 * std::chrono::milliseconds(kTimeoutCeiling).count() < 0x7fff'ffff,
    "the stock client sets one timer of ping interval + ping timeout, and a browser's fires at once from 2^31 ms");

}  // namespace tidemark::limits
