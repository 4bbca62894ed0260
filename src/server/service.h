// What every part of the server shares. Built once by Server, constant while it runs; any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "protocol/socketio/socketio.h"
#include "src/base/clock.h"
#include "src/config/options.h"
#include "src/hub/catch_up.h"
#include "src/hub/hub.h"
#include "src/log/channel_census.h"
#include "src/log/log.h"
#include "src/log/reader_threads.h"
#include "src/server/api/commit_tap.h"
#include "src/server/api/stream_pages.h"
#include "src/server/conversation.h"
#include "src/server/publish_allowances.h"
#include "src/server/read_failures.h"
#include "src/server/record_frames.h"
#include "src/server/recoveries.h"
#include "src/server/refusals.h"

namespace tidemark {

class IoThread;

struct Service {
  const ServeOptions& options;
  const Clock& clock;
  const TimeMs started;
  Log& log;
  const socketio::DecoderLimits packet_limits;
  RecordFrames frames;
  SessionTable sessions;
  Hub hub;
  CatchUp catch_up;
  CommitTap tap;
  ReaderThreads readers;  // of the API, as the next two
  const StreamFrames stream_frames;
  ChannelCensus census;
  Recoveries recoveries;
  Refusals refusals;
  PublishAllowances publish_allowances;
  ReadFailures read_failures;
  std::atomic<bool> draining = false;
  std::atomic<std::size_t> engine_sessions = 0;      // of all threads
  std::vector<std::unique_ptr<IoThread>> threads{};  // by index; complete before the first one starts

  std::vector<Endpoint> endpoints{};  // where Engine.IO is served; likewise

  Service(const ServeOptions& serve_options, const Clock& service_clock, Log& service_log, const SessionKey& key);
  ~Service();

  /// The endpoint a request's path names, or null.
  [[nodiscard]] const Endpoint* endpoint_at(std::string_view path) const;
};

}  // namespace tidemark
