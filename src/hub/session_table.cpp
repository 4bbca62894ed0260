#include "src/hub/session_table.h"

#include "src/base/limits.h"

namespace tidemark {

SessionTable::SessionTable(const SessionKey& key, std::uint64_t run, Millis window, const Clock& clock)
    : signer_(key), run_(run), window_(window), clock_(clock), started_(clock.steady()) {}

SessionTable::Grant SessionTable::create(const SessionBinding& binding, Offset started) {
  const SessionId id{.sid = SessionSigner::random_sid(), .started = started, .run = run_};
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
  } else {
    within = !found->second.ended && (found->second.holder || now - found->second.left <= window_);
  }
  if (!within) return {.grant = std::nullopt, .refusal = Refusal::expired};
  return {.grant = Grant{.sid = id->sid, .pid = std::string(pid), .started = id->started}};
}

std::optional<SessionHolder> SessionTable::hold(const std::string& sid, SessionHolder holder) {
  const std::lock_guard lock(mutex_);
  if (!sessions_.contains(sid) && sessions_.size() >= limits::kSessions) {
    // Full: the one that left first makes room; while all are live, this one simply cannot be had again.
    while (!away_.empty() && sessions_.size() >= limits::kSessions) {
      if (is_away(away_.front())) sessions_.erase(away_.front().second);
      away_.pop_front();
    }
    if (sessions_.size() >= limits::kSessions) return std::nullopt;
  }
  auto& session = sessions_[sid];
  const auto previous = session.holder;
  session.holder = holder;
  return previous;
}

void SessionTable::leave(const std::string& sid, SessionHolder holder) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(sid);
  if (found != sessions_.end() && found->second.holder == holder) go_away(found->second, sid);
}

void SessionTable::go_away(Session& session, const std::string& sid) {
  // Those who come and go often leave outdated entries behind.
  if (away_.size() > 2 * sessions_.size()) {
    std::erase_if(away_, [&](const auto& entry) { return !is_away(entry); });
  }
  session.holder.reset();
  session.left = clock_.steady();
  away_.emplace_back(session.left, sid);
}

bool SessionTable::is_away(const std::pair<Millis, std::string>& entry) const {
  const auto found = sessions_.find(entry.second);
  return found != sessions_.end() && !found->second.holder && found->second.left == entry.first;
}

void SessionTable::end(const std::string& sid, SessionHolder holder) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(sid);
  if (found == sessions_.end() || found->second.holder != holder) return;
  found->second.ended = true;
  go_away(found->second, sid);
}

void SessionTable::sweep() {
  const Millis now = clock_.steady();
  const std::lock_guard lock(mutex_);
  while (!away_.empty() && now - away_.front().first > window_) {
    if (is_away(away_.front())) sessions_.erase(away_.front().second);
    away_.pop_front();
  }
}

std::size_t SessionTable::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace tidemark
