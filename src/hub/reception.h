// Reception: what becomes of a client that says CONNECT. It gathers what the recovery decision (recovery.h) is made from,
// in the order that leaves nothing between two looks, and gives the client its session. No protocol in it: the service
// and the simulation receive their clients here alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/hub/outlet.h"
#include "src/hub/recovery.h"
#include "src/hub/session_table.h"
#include "src/hub/shard.h"
#include "src/log/log.h"

namespace tidemark {

/// What the client says, of the right types already; see Claims.
struct Arrival {
  std::string_view channel;
  std::string_view identity;         // the name it gives: a session is good for its owner only
  std::optional<std::string> pid{};  // nothing also where no session is ever restored
  std::optional<std::string> offset{};
  std::optional<std::uint64_t> server_offset{};
  std::optional<std::uint64_t> history{};
};

struct Reception {
  Decision decision;
  SessionTable::Grant grant;  // the session of its pid if it has recovered, else a new one
  bool session_found = false;
  SessionTable::Refusal refusal = SessionTable::Refusal::unknown;  // why not, if it gave a pid
  Offset head;                                                     // of the log when this was decided

  /// The client knows that something may be missing up to here: it was told that it has not recovered.
  [[nodiscard]] Offset told_up_to() const { return decision.recovered ? Offset() : head; }
};

/// On the shard's thread. Nothing: it would need a new session, and there is no room for one. Nothing has begun yet;
/// subscribe() and Hub::hold_session() follow in the same turn.
[[nodiscard]] std::optional<Reception> receive(const Arrival& arrival, const Log& log, SessionTable& sessions,
                                               const Shard& shard);

/// Begins what was decided.
Subscription& subscribe(Outlet& outlet, std::string_view channel, const Decision& decision, Subscriber& subscriber);

}  // namespace tidemark
