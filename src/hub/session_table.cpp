#include "src/hub/session_table.h"

namespace tidemark {

SessionTable::SessionTable(const SessionKey& key, std::uint64_t run, Millis window, const Clock& clock,
                           std::size_t most)
    : signer_(key), run_(run), window_(window), clock_(clock), most_(most), started_(clock.steady()) {}

bool SessionTable::has_room() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size() < most_ || away_ > 0;
}

SessionTable::Grant SessionTable::create(const SessionBinding& binding, Offset started) {
  const SessionId id{.sid = Sid::random(), .started = started, .run = run_};
  return {.sid = id.sid, .pid = signer_.sign(id, binding), .started = started};
}

SessionTable::Claim SessionTable::find(std::string_view pid, const SessionBinding& binding) const {
  const auto id = signer_.check(pid, binding);
  if (!id) return {.grant = std::nullopt, .refusal = Refusal::unknown};
  const Millis now = clock_.steady();
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(id->sid);
  bool within = false;
  if (found == sessions_.end()) {
    within = id->run != run_ && now - started_ <= window_;
  } else if (const auto* const away = std::get_if<Away>(&found->second.where)) {
    within = !away->ended && now - away->left <= window_;
  } else {
    within = true;
  }
  if (!within) return {.grant = std::nullopt, .refusal = Refusal::expired};
  return {.grant =
              Grant{.sid = id->sid, .pid = std::string(pid), .started = id->started, .earlier_run = id->run != run_}};
}

std::optional<SessionHolder> SessionTable::hold(const Grant& session, SessionHolder holder) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session.sid);
  if (found == sessions_.end()) {
    // Full: the one that left first makes room; while all are live, this one simply cannot be had again.
    while (!departures_.empty() && sessions_.size() >= most_) forgotten_ += forget_first_departed() ? 1 : 0;
    if (sessions_.size() < most_) {
      sessions_.emplace(session.sid, Session{.where = holder, .earlier_run = session.earlier_run});
    } else {
      ++forgotten_;
    }
    return std::nullopt;
  }
  const auto previous = std::exchange(found->second.where, holder);
  const auto* const held = std::get_if<SessionHolder>(&previous);
  if (held == nullptr) --away_;
  return held != nullptr ? std::optional(*held) : std::nullopt;
}

void SessionTable::leave(const Sid& sid, SessionHolder holder) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(sid);
  if (found != sessions_.end() && found->second.held_by(holder)) go_away(found->second, sid, false);
}

void SessionTable::go_away(Session& session, const Sid& sid, bool ended) {
  // Those who come and go often leave outdated entries behind.
  if (departures_.size() > 2 * sessions_.size()) {
    std::erase_if(departures_, [&](const Departure& departure) { return outdated(departure); });
  }
  const Millis now = clock_.steady();
  ++away_;
  session.where = Away{.left = now, .ended = ended};
  departures_.push_back({.left = now, .sid = sid});
}

bool SessionTable::forget_first_departed() {
  const Departure first = departures_.front();
  departures_.pop_front();
  if (outdated(first)) return false;
  const auto found = sessions_.find(first.sid);
  const bool wanted = !std::get<Away>(found->second.where).ended;
  sessions_.erase(found);
  --away_;
  return wanted;
}

bool SessionTable::outdated(const Departure& departure) const {
  const auto found = sessions_.find(departure.sid);
  const auto* const away = found == sessions_.end() ? nullptr : std::get_if<Away>(&found->second.where);
  return away == nullptr || away->left != departure.left;
}

void SessionTable::end(const Sid& sid, SessionHolder holder) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(sid);
  if (found == sessions_.end() || !found->second.held_by(holder)) return;
  // A pid of this run that has no session is refused anyway.
  if (found->second.earlier_run) {
    go_away(found->second, sid, true);
  } else {
    sessions_.erase(found);
  }
}

void SessionTable::sweep() {
  const Millis now = clock_.steady();
  const std::lock_guard lock(mutex_);
  while (!departures_.empty() && now - departures_.front().left > window_) forget_first_departed();
}

std::size_t SessionTable::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

std::uint64_t SessionTable::forgotten() const {
  const std::lock_guard lock(mutex_);
  return forgotten_;
}

}  // namespace tidemark
