#include "src/server/service.h"

#include "src/server/io_thread.h"

namespace tidemark {

Service::Service(const ServeOptions& serve_options, const Clock& service_clock, Log& service_log, const SessionKey& key)
    : options(serve_options),
      clock(service_clock),
      log(service_log),
      frames(log.epoch()),
      sessions(key, Epoch::random().value(), options.recovery_window, clock),
      hub(frames, sessions),
      catch_up(log, frames) {}

Service::~Service() = default;

}  // namespace tidemark
