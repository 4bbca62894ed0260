#include "src/server/service.h"

#include <algorithm>

#include "src/base/limits.h"
#include "src/server/io_thread.h"

namespace tidemark {

Service::Service(const ServeOptions& serve_options, const Clock& service_clock, Log& service_log, const SessionKey& key)
    : options(serve_options),
      clock(service_clock),
      started(clock.wall()),
      log(service_log),
      packet_limits({.packet_bytes = options.max_payload,
                     .attachments = limits::kAttachmentsPerEvent,
                     .json_depth = limits::kJsonDepth,
                     .event_arguments = limits::kEventArguments}),
      frames(log.epoch()),
      sessions(key, Epoch::random().value(), options.recovery_window, clock, options.sessions),
      hub(frames, sessions),
      catch_up(log, frames),
      tap(hub, options.api_streams),
      readers(options.api_reads_waiting),
      stream_frames(log.epoch()),
      census(log),
      publish_allowances(options.publish_rate, clock) {}

Service::~Service() = default;

const Endpoint* Service::endpoint_at(std::string_view path) const {
  if (path.ends_with('/')) path.remove_suffix(1);
  const auto found = std::ranges::find(endpoints, path, &Endpoint::path);
  return found == endpoints.end() ? nullptr : &*found;
}

}  // namespace tidemark
