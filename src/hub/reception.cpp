#include "src/hub/reception.h"

#include <utility>

namespace tidemark {

std::optional<Reception> receive(const Arrival& arrival, const Log& log, SessionTable& sessions, const Shard& shard) {
  const SessionBinding binding{.epoch = log.epoch(), .channel = arrival.channel, .identity = arrival.identity};
  SessionTable::Claim claim;
  if (arrival.pid) claim = sessions.find(*arrival.pid, binding);
  Claims claims{.session_restored = claim.grant.has_value(),
                .offset = arrival.offset,
                .server_offset = arrival.server_offset,
                .history = arrival.history};
  if (claim.grant) claims.session_started = claim.grant->started;
  // The log's own head, not this thread's: the client may have been told of a record by a thread that was faster.
  // What it has lost first: a record that is trimmed from now on is a gap in the stream.
  const Offset lost = log.lost(arrival.channel);
  const LogBounds bounds{.epoch = log.epoch(),
                         .lost = lost,
                         .hole = log.holes().newest(),
                         .held = shard.held_from(arrival.channel),
                         .head = log.head()};
  Reception reception{.decision = decide(claims, bounds),
                      .grant = {},
                      .session_found = claim.grant.has_value(),
                      .refusal = claim.refusal,
                      .head = bounds.head};
  if (reception.decision.recovered) {
    reception.grant = std::move(*claim.grant);
  } else if (sessions.has_room()) {
    reception.grant = sessions.create(binding, reception.decision.after);
  } else {
    return std::nullopt;
  }
  return reception;
}

Subscription& subscribe(Outlet& outlet, std::string_view channel, const Decision& decision, Subscriber& subscriber) {
  return decision.newest ? outlet.subscribe_last(channel, *decision.newest, decision.after, subscriber)
                         : outlet.subscribe(channel, decision.after, subscriber);
}

}  // namespace tidemark
