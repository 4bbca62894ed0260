// The session table: which sessions exist, who holds them, and until when they can be had again.
//
// A session is live while a subscription holds it, and away after the connection was lost. It can be claimed while live
// (the old connection is a half-open one that nobody has noticed yet) and for the recovery window after it went away.
// After a restart the table is empty: a pid of an earlier run is good for one window counted from the start of the
// server, since the moment of the disconnection is unknown.
//
// Shared by all I/O threads under its own mutex: it is used when clients come and go, never on delivery.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include "src/base/clock.h"
#include "src/base/limits.h"
#include "src/hub/session_id.h"

namespace tidemark {

/// The subscription that holds a session.
struct SessionHolder {
  std::uint32_t shard = 0;
  std::uint64_t subscription = 0;
  friend bool operator==(const SessionHolder&, const SessionHolder&) = default;
};

class SessionTable {
 public:
  /// `run` tells this start of the server from all others.
  SessionTable(const SessionKey& key, std::uint64_t run, Millis window, const Clock& clock,
               std::size_t most = limits::kSessions);

  struct Grant {
    Sid sid;
    std::string pid;
    Offset started;
    bool earlier_run = false;
  };

  /// Whether one more session can be remembered, if need be instead of one whose client is away.
  [[nodiscard]] bool has_room() const;
  /// A new session.
  [[nodiscard]] Grant create(const SessionBinding& binding, Offset started);

  enum class Refusal : std::uint8_t { unknown, expired };
  struct Claim {
    std::optional<Grant> grant;
    Refusal refusal = Refusal::unknown;  // meaningful without a grant
  };
  /// The session a pid stands for. Takes nothing yet: hold() does.
  [[nodiscard]] Claim find(std::string_view pid, const SessionBinding& binding) const;

  /// `holder` has the session from now on. Returns the live holder that it was taken from.
  std::optional<SessionHolder> hold(const Grant& session, SessionHolder holder);
  /// The holder's connection was lost: the window begins. Nothing happens if somebody else has taken the session.
  void leave(const Sid& sid, SessionHolder holder);
  /// The holder ended it (disconnected from the channel): it cannot be had again.
  void end(const Sid& sid, SessionHolder holder);

  /// Forgets what has expired. Call about once a second.
  void sweep();
  [[nodiscard]] std::size_t size() const;
  /// How many could have been had again, had there been room to remember them.
  [[nodiscard]] std::uint64_t forgotten() const;

 private:
  struct Away {
    Millis left{};
    bool ended = false;  // cannot be had again; remembered as long as its pid, of an earlier run, might be good
    friend bool operator==(const Away&, const Away&) = default;
  };
  struct Session {
    std::variant<SessionHolder, Away> where;
    bool earlier_run = false;
    [[nodiscard]] bool held_by(SessionHolder holder) const { return where == decltype(where)(holder); }
  };
  struct Departure {
    Millis left;
    Sid sid;
  };

  void go_away(Session& session, const Sid& sid, bool ended);
  /// Whether its client could have come back to it.
  bool forget_first_departed();
  [[nodiscard]] bool outdated(const Departure& departure) const;

  const SessionSigner signer_;
  const std::uint64_t run_;
  const Millis window_;
  const Clock& clock_;
  const std::size_t most_;
  const Millis started_;

  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<Sid, Session, SidHash> sessions_;
  std::deque<Departure> departures_;  // in their order; outdated where the session came back
  std::size_t away_ = 0;              // sessions without a holder
  std::uint64_t forgotten_ = 0;       // for want of room
};

}  // namespace tidemark
