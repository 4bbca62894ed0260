#include "src/hub/recovery.h"

#include <algorithm>

#include "src/base/position.h"

namespace tidemark {
namespace {

Decision everything(const Claims& claims, const LogBounds& log, std::string_view reason) {
  if (!claims.history) return {.after = log.lost, .reason = reason};
  return {.after = log.head, .newest = claims.history, .reason = reason};
}

Decision without_session(const Claims& claims, const LogBounds& log, std::optional<Offset> position,
                         std::string_view reason) {
  if (claims.server_offset && *claims.server_offset > log.head.value()) {
    return everything(claims, log, "server offset beyond the head");
  }
  const Offset after(std::max(claims.server_offset.value_or(0), position ? position->value() : 0));
  // Position 0 is a place, too: it has all of nothing, and is owed what came since.
  if (!position && after == Offset()) return everything(claims, log, reason);
  return {.after = after, .reason = reason};
}

}  // namespace

Decision decide(const Claims& claims, const LogBounds& log) {
  std::optional<Offset> position;
  std::string_view bad_offset;
  if (claims.offset) {
    const auto parsed = Position::parse(*claims.offset);
    if (!parsed) {
      bad_offset = "offset unparseable";
    } else if (parsed->epoch != log.epoch) {
      bad_offset = "offset of another log";
    } else if (parsed->offset > log.head) {
      bad_offset = "offset beyond the head";
    } else {
      position = parsed->offset;
    }
  }

  Decision decision;
  if (!bad_offset.empty()) {
    decision = without_session(claims, log, std::nullopt, bad_offset);
  } else if (claims.session_restored) {
    decision = {.recovered = true, .after = position.value_or(claims.session_started)};
    // It began with the newest N and has received nothing of it yet: those again, and all since.
    if (!position && !claims.server_offset) decision.newest = claims.history;
  } else {
    decision = without_session(claims, log, position, "no session");
  }
  // Whoever is owed everything, or the newest N, is never before what is lost.
  if (decision.after < log.lost && decision.after.next() < log.held) {
    decision.recovered = false;
    decision.newest.reset();  // they are older than what is lost
    decision.gap_from = decision.after.next();
    decision.gap_to = std::min(log.lost, log.held.previous());
    decision.after = decision.gap_to;
    decision.reason = "records trimmed";
  } else if (decision.recovered && decision.after < log.hole) {
    decision.recovered = false;
    decision.reason = "records lost to damage";
  }
  return decision;
}

}  // namespace tidemark
